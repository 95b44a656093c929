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
  /** Made-up clients a minute in the place, whatever its load. */
  readonly madeUp?: number;
  /** Factor on the load of the hosts. */
  readonly load?: (at: number) => number;
  /** Share of all requests that the server answers with an error of its own. */
  readonly serverErrors?: (at: number) => number;
  /** Whether failing requests never reach the server. */
  readonly unseen?: boolean;
  /** When a report arrives instead; null when never. */
  readonly arrival?: (place: { readonly country: string }, arrived: number, random: Random) => number | null;
  /** A country whose clocks move, h. */
  readonly clock?: { readonly country: string; readonly hours: number };
}
