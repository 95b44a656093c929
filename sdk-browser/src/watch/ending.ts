/** How a watched request ended, as the page's own wrappers see it. */
export interface Ending {
  /**
   * `answered`: a response with status (0 when it is opaque); `failed`: rejected, or an error event; `timer`: the app's own time
   * limit; `aborted`: any other abort.
   */
  readonly how: 'answered' | 'failed' | 'timer' | 'aborted';
  readonly statusCode: number;
  /** No response headers had arrived. */
  readonly silent: boolean;
  /**
   * What the channel says beside its error. `tls`: Firefox closes a WebSocket with 1015. `http`: Chromium ends an EventSource for good,
   * so some HTTP answer came. `length`, `decoding`: Firefox's words for a body that is too short or cannot be unpacked.
   */
  readonly sign?: 'tls' | 'http' | 'length' | 'decoding';
}

/** Words of the report field `resource`. */
export type Resource = 'fetch' | 'xhr' | 'script' | 'image' | 'style' | 'font' | 'media' | 'websocket' | 'eventsource' | 'other';

/** What `fetch` gave the app, and the signal that may still end it: the body may break. */
export interface Given {
  readonly response: Response;
  readonly signal: AbortSignal | null | undefined;
}

/** Called at a request's end; with what `fetch` gave. */
export type End = (ending: Ending, given?: Given) => void;

/** Where the headers of a request are: what was given to `fetch`, or the object itself. */
export type Call = RequestInit | Request | XMLHttpRequest | undefined;

/**
 * Called when a request starts, or with the time (`performance.now()`) at which it did. Gives the function to call at its end, or undefined
 * where the request is not to be watched. Throws at an address that is none.
 */
export type Begin = (url: string, method: string, resource: Resource, startedMark?: number, call?: Call) => End | undefined;

export const FAILED: Ending = { how: 'failed', statusCode: 0, silent: true };
