/** An app in a browser, as the lab needs it, whatever drives the browser. */

/** The few things that are done with a page. */
export interface AppPage {
  /** Runs the function in the page, where it is sent as text. */
  evaluate<A extends unknown[], R>(run: (...args: A) => R | Promise<R>, ...args: A): Promise<R>;
  goto(url: string): Promise<unknown>;
  reload(): Promise<unknown>;
}

/** A page with storage and connections of its own. */
export interface App {
  readonly page: AppPage;
  /** The process that sleeps with all that it started, when the device does. */
  readonly pid: number | undefined;
  /** The user closes the page, with another in front. Returns that one. */
  closePage(elsewhere: string): Promise<AppPage>;
  /** Another page comes to the front. */
  hidePage(elsewhere: string): Promise<void>;
  /** The page goes; the browser may still have something to report of it. */
  drop(): Promise<void>;
  end(): Promise<void>;
}

export interface StartedBrowser {
  /** @param blocker - With an extension that blocks the service. */
  open(blocker: boolean): Promise<App>;
  /** Where a change of network alone does not make it look names up anew. */
  forgetNames?(): void;
  end(): Promise<void>;
}
