import { FROM_AGENTS } from './ask.js';
import type { Question } from './ask.js';
import { beforeSigners, COUNTED, IN_STRETCH, nowSigners } from './stretch.js';
import type { Stretch } from './stretch.js';

export interface FailureCellRow {
  readonly network: string;
  readonly country: string;
  readonly release: string;
  /** Distinct failing clients inside the spike, without those that are one of many of their address prefix. */
  readonly now: number;
  /** The same in each stretch of equal length before it, summed: distinct clients do not grow with time as counts do. */
  readonly before: number;
  /** The same with all clients: how large it is, where it is one. */
  readonly allNow: number;
  readonly allBefore: number;
}

/**
 * Who fails in the spike, and who failed before, by network, country and release? What `localise` reads; never shown as it is.
 * Cost: reads `reports` of one host and kind from the start of the baseline on, deduplicated by FINAL; memory grows with failing clients.
 */
export const failureCells: Question<{ project: string; host: string; kind: string } & Stretch, FailureCellRow> = {
  sql: `
    SELECT network, country, release,
           ${nowSigners(COUNTED)} AS now,
           ${beforeSigners(COUNTED)} AS before,
           ${nowSigners()} AS allNow,
           ${beforeSigners()} AS allBefore
    FROM reports FINAL
    WHERE ${IN_STRETCH}
      AND host = {host:String} AND kind = {kind:String} AND ${FROM_AGENTS}
    GROUP BY network, country, release`,
};
