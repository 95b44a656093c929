/** What an incident does to the world. */
import type { Random } from './random.js';

export interface Incident {
  readonly id: string;
  readonly script: string;
  readonly project: string;
  readonly hosts: readonly string[];
  /** What fails, with its share of the failing clients. */
  readonly failures: readonly { readonly kind: string; readonly type: string; readonly share: number }[];
  /** Where; empty is everywhere. */
  readonly places: readonly Readonly<Record<string, string>>[];
  /** s since the epoch. */
  readonly start: number;
  readonly end: number;
  readonly harmless: boolean;
  readonly fake: boolean;
  readonly verdict: string | null;
  /** Share of the requests in the place that fail besides the usual ones, 0..1, by time. */
  readonly failing?: (at: number) => number;
  /** Clients a minute that fail in the place at each host besides, whatever its load: made-up ones, or those behind one access point. */
  readonly madeUp?: number;
  /** Address prefixes that these come from, in all places together; default those of the networks. */
  readonly madeUpFrom?: number;
  /** How long failing clients that have no connection wait for one, on average, s; default as of any such client. */
  readonly offlineS?: number;
  /** Whether the made-up clients also tell of made-up requests, all of them failed. */
  readonly madeUpAttempts?: boolean;
  /** Factor on the load of the hosts. */
  readonly load?: (at: number) => number;
  /** Share of all requests that the server answers with an error of its own. */
  readonly serverErrors?: (at: number) => number;
  /** Whether failing requests never reach the server. */
  readonly unseen?: boolean;
  /** Factor on the share of clients that opted in: what they report grows, and nothing else. */
  readonly optIn?: (at: number) => number;
  /** When what a client tells arrives instead, reports and attempts alike; null when never. */
  readonly arrival?: (place: { readonly country: string }, arrived: number, random: Random) => number | null;
  /** Of the requests that fail in the place, how many others, of clients that did not opt in, never reach the server either: a factor. */
  readonly optedOut?: number;
  /** Factor on the usual failures of the hosts. */
  readonly usual?: (at: number) => number;
  /** Share of the failures that agents report, 0..1; each then weighs 1 ÷ share. */
  readonly sampling?: (at: number) => number;
  /** What a failure of a kind is called instead. */
  readonly rename?: (what: { readonly kind: string; readonly type: string }, at: number, random: Random) => { kind: string; type: string };
  /** A country whose clocks move, h. */
  readonly clock?: { readonly country: string; readonly hours: number };
}
