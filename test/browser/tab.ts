/** Tabs with an agent in them, as the tests of lifecycle, store and worker need them. */
import type { BrowserContext, Frame, Page } from 'playwright-core';
import type { Servers } from './servers.js';

declare global {
  interface Window {
    outcry: { init(options: object, platform: object): Window['agent'] };
    agent: {
      readonly consent: string;
      setConsent(state: string, receipt?: object): Promise<void>;
      pending(): Promise<{ envelopes: number; bytes: number }>;
      flush(): Promise<unknown>;
      close(): Promise<void>;
      sent(): { words: string[] }[];
      onEvent(listen: (event: { kind: string; reason?: string }) => void): void;
    };
    losses: string[];
  }
}

export interface TabOptions {
  /** Without a content security policy below `/app`. */
  readonly path?: string;
  /** Another name of the page's server: an origin of its own. */
  readonly origin?: string;
  /** Given to `init`. */
  readonly options?: object;
  /** 0 by default, in which case nothing is left to wait for when the tab goes. */
  readonly liveDelayMs?: number;
  /** The second after which a withdrawal waits no longer never comes. */
  readonly patient?: boolean;
}

export const receipt = { text: 'v3', textHash: 'A'.repeat(43), at: new Date().toISOString(), method: 'dialog' };

/** Starts the agent of a page or frame that has loaded the script. */
export async function startAgent(
  on: Page | Frame,
  servers: Servers,
  { options = {}, liveDelayMs = 0, patient }: TabOptions,
): Promise<void> {
  await on.waitForFunction(() => 'outcry' in window);
  await on.evaluate(
    ({ collector, recipientKey, more, delay, waits }) => {
      window.losses = [];
      window.agent = window.outcry.init(
        { project: 'shop', release: '1.0', hosts: ['127.0.0.1'], collectors: [collector], witnesses: [], recipientKey, ...more },
        {
          liveDelayMs: delay,
          ...(waits && {
            networkTimer: (run: () => void, ms: number) =>
              ms === 1_000
                ? () => undefined
                : (
                    (id) => () =>
                      clearTimeout(id)
                  )(setTimeout(run, ms)),
          }),
        },
      );
      window.agent.onEvent(({ kind, reason }) => kind === 'dropped' && window.losses.push(reason ?? ''));
    },
    { collector: servers.collector, recipientKey: servers.recipientKey, more: options, delay: liveDelayMs, waits: patient === true },
  );
}

/** A tab with an agent that has not been asked to do anything. */
export async function openTab(context: BrowserContext, servers: Servers, options: TabOptions = {}): Promise<Page> {
  const page = await context.newPage();
  await page.goto((options.origin ?? servers.page) + (options.path ?? '/'));
  await startAgent(page, servers, options);
  return page;
}

export const grant = (on: Page | Frame): Promise<void> => on.evaluate((given) => window.agent.setConsent('granted', given), receipt);

/** Makes a request of the page fail. */
export const fail = (on: Page | Frame, servers: Servers): Promise<unknown> =>
  on.evaluate((url) => fetch(url).then(Boolean, () => false), `${servers.api}/broken`);

export const waiting = (on: Page | Frame): Promise<number> => on.evaluate(async () => (await window.agent.pending()).envelopes);

export async function until(holds: () => unknown, timeoutMs = 30_000): Promise<void> {
  const endMs = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > endMs) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Every entry of the agent's database. */
export const stored = (on: Page | Frame): Promise<[string, Record<string, unknown>][]> =>
  on.evaluate(async () => {
    if (!(await indexedDB.databases()).some(({ name }) => name === 'outcry')) return [];
    const done = <T>(request: IDBRequest<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error as Error);
      });
    const db = await done(indexedDB.open('outcry'));
    const store = db.transaction('outcry').objectStore('outcry');
    const [keys, values] = await Promise.all([done(store.getAllKeys()), done(store.getAll() as IDBRequest<Record<string, unknown>[]>)]);
    db.close();
    // Keys of signers cannot leave the page.
    return keys.map(
      (key, index) => [String(key), String(key).startsWith('s:') ? {} : (values[index] ?? {})] as [string, Record<string, unknown>],
    );
  });

/** Waits until an envelope rests in the database that no sender has, so that whoever comes next may send it. */
export async function untilAtRest(on: Page | Frame): Promise<void> {
  await until(async () => {
    const entries = (await stored(on)).filter(([key]) => key.startsWith('e:'));
    return entries.length > 0 && entries.every(([, entry]) => entry['leasedUntilMs'] === 0);
  });
}
