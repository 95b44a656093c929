/** What the lab asks of a client, and what it gets back. */
import type { Kind } from '@outcry/protocol';

export const ENGINES = ['node-fetch', 'node-https', 'chromium'] as const;
export type Engine = (typeof ENGINES)[number];

/** One request of the app. */
export interface Asked {
  readonly url: string;
  /** The app's own time limit, milliseconds. */
  readonly limitMs: number;
  /** The app gives up by itself after this long, without calling it a timeout. */
  readonly giveUpMs?: number;
  /** What went before: nothing, a request that succeeded (browsers only), or one whose connection is kept. */
  readonly before: 'nothing' | 'success' | 'open_connection';
  /** Path of the page; browsers only. */
  readonly page: string;
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
export const PATIENCE_MS = 11_000;
