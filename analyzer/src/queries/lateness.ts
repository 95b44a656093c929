import { FROM_AGENTS } from './ask.js';
import type { Question } from './ask.js';

/** Ages, s, at which the share of arrived reports is asked for. */
export const LATENESS_STEPS_S = [0, 10, 20, 30, 60, 120] as const;
/** Later reports waited in a queue on the device: they come in their own time and say nothing of how live ones travel. */
export const LATEST_LIVE_S = 120;

export interface LatenessRow {
  readonly total: number;
  /** Reports at most as late as each of LATENESS_STEPS_S, in that order. */
  readonly arrived: readonly number[];
}

/**
 * How late do live reports arrive?
 * Without FINAL: copies of a report do not bend the distribution. Cost: one column over the reports since `from`.
 */
export const lateness: Question<{ from: number }, LatenessRow> = {
  sql: `
    SELECT toUInt32(count()) AS total,
           [${LATENESS_STEPS_S.map((s) => `toUInt32(countIf(lateness_s <= ${s}))`).join(', ')}] AS arrived
    FROM reports
    WHERE ${FROM_AGENTS} AND event_time >= toDateTime({from:UInt32}, 'UTC') AND crowd != 'many' AND lateness_s <= ${LATEST_LIVE_S}`,
};
