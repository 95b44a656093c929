import { FROM_AGENTS } from './ask.js';
import type { Question } from './ask.js';

export interface FailureCellRow {
  readonly network: string;
  readonly country: string;
  readonly release: string;
  /** Distinct failing clients inside the spike and in the baseline window before it. */
  readonly now: number;
  readonly before: number;
}

/**
 * Who fails in the spike, and who failed before, by network, country and release? What `localise` reads; never shown as it is.
 * Cost: reads `reports` of one host and kind from the start of the baseline on, deduplicated by FINAL; memory grows with failing clients.
 */
export const failureCells: Question<{ project: string; host: string; kind: string; before: number; from: number; to: number }, FailureCellRow> = {
  sql: `
    SELECT network, country, release,
           toUInt32(uniqExactIf(signer, event_time >= toDateTime({from:UInt32}, 'UTC'))) AS now,
           toUInt32(uniqExactIf(signer, event_time < toDateTime({from:UInt32}, 'UTC'))) AS before
    FROM reports FINAL
    WHERE project = {project:String} AND host = {host:String} AND kind = {kind:String} AND ${FROM_AGENTS}
      AND event_time >= toDateTime({before:UInt32}, 'UTC') AND event_time < toDateTime({to:UInt32}, 'UTC')
    GROUP BY network, country, release`,
};
