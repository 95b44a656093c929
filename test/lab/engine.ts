/** What the lab asks of a client, and what it gets back. */
import type { Kind } from '@outcry/protocol';
import type { Landmarks } from './places.js';

export const BROWSERS = ['chromium', 'firefox', 'webkit'] as const;
export type BrowserName = (typeof BROWSERS)[number];
export const ENGINES = ['node-fetch', 'node-https', ...BROWSERS] as const;
export type Engine = (typeof ENGINES)[number];

export const isBrowser = (engine: Engine): engine is BrowserName => (BROWSERS as readonly string[]).includes(engine);

/** One app: where it runs, and what it knows of the service. */
export interface Client {
  readonly engine: Engine;
  /** Only pages use landmarks. */
  readonly landmarks: Landmarks;
}

/** One client of each engine for each level of landmarks that is of use to it: Node has none, WebKitGTK no WebRTC. */
export const clientsOf = (engines: readonly Engine[], levels: readonly Landmarks[]): readonly Client[] =>
  engines.flatMap((engine) => {
    const own = !isBrowser(engine) ? levels.slice(0, 1) : engine === 'webkit' ? levels.filter((level) => level !== 'stun') : levels;
    return own.map((landmarks) => ({ engine, landmarks }));
  });

/** What happens to the client one second into the request. */
export type Meanwhile = 'nothing' | 'leaves' | 'closes' | 'hides' | 'sleeps';

/** One request of the app. */
export interface Request {
  readonly path: string;
  readonly scheme: 'https' | 'http';
  /** Pages only. */
  readonly by: 'fetch' | 'xhr';
  /** A header that makes a page ask for permission first. */
  readonly preflight: boolean;
  /** The app's own time limit, milliseconds. */
  readonly limitMs: number;
  /** The app gives up by itself after this long, without calling it a timeout. */
  readonly giveUpMs?: number;
  readonly meanwhile: Meanwhile;
  /** What went before: nothing, requests that succeeded (pages only), or one whose connection is kept. */
  readonly before: 'nothing' | 'success' | 'open_connection';
  /** Path of the page. */
  readonly page: string;
  /** An extension of the browser blocks the service. */
  readonly blocker: boolean;
}

export interface Asked extends Request {
  readonly url: string;
  readonly landmarks: Landmarks;
}

/** What the agent said, and what the app itself saw. */
export interface Seen {
  /** Null where the agent reports nothing. */
  readonly diagnosis: { readonly type: string; readonly phase: string; readonly kind: Kind; readonly confidence: number } | null;
  readonly evidence: readonly string[];
  /** The end of the request as the app sees it: a status, or an error's name and code. */
  readonly app: string;
  /** From the start of the request to its end. */
  readonly requestMs: number;
  /** From the end of the request to the diagnosis; null without one. */
  readonly diagnosisMs: number | null;
}

/** How long after its end a request may still be diagnosed. */
export const PATIENCE_MS = 15_000;
