import { FROM_AGENTS } from './ask.js';
import type { Question } from './ask.js';
import { BEFORE_SIGNERS, IN_STRETCH, NOW_SIGNERS } from './stretch.js';
import type { Stretch } from './stretch.js';

export interface FailureCellRow {
  readonly network: string;
  readonly country: string;
  readonly release: string;
  /** Distinct failing clients inside the spike. */
  readonly now: number;
  /** The same in each stretch of equal length before it, summed: distinct clients do not grow with time as counts do. */
  readonly before: number;
}

/**
 * Who fails in the spike, and who failed before, by network, country and release? What `localise` reads; never shown as it is.
 * Cost: reads `reports` of one host and kind from the start of the baseline on, deduplicated by FINAL; memory grows with failing clients.
 */
export const failureCells: Question<{ project: string; host: string; kind: string } & Stretch, FailureCellRow> = {
  sql: `
    SELECT network, country, release,
           ${NOW_SIGNERS} AS now,
           ${BEFORE_SIGNERS} AS before
    FROM reports FINAL
    WHERE project = {project:String} AND host = {host:String} AND kind = {kind:String} AND ${FROM_AGENTS}
      AND ${IN_STRETCH}
    GROUP BY network, country, release`,
};
