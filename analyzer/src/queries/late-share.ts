import { WATCHED_KINDS } from '../watch/build-series.js';
import { FROM_AGENTS } from './ask.js';
import type { Question } from './ask.js';
import { LATEST_LIVE_S } from './lateness.js';

export interface LateShareRow {
  readonly total: number;
  readonly late: number;
}

/**
 * How many of the reports of a stretch waited on a device without a connection before they came?
 * Without FINAL: copies of a report do not bend the share. Cost: one column over the reports of a day; asked every ten minutes.
 */
export const lateShare: Question<{ from: number; to: number }, LateShareRow> = {
  sql: `
    SELECT toUInt32(count()) AS total, toUInt32(countIf(lateness_s > ${LATEST_LIVE_S})) AS late
    FROM reports
    WHERE ${FROM_AGENTS} AND kind IN (${WATCHED_KINDS.map((k) => `'${k}'`).join(', ')})
      AND event_time >= toDateTime({from:UInt32}, 'UTC') AND event_time < toDateTime({to:UInt32}, 'UTC')`,
};

/** Share thought late where too few reports were seen: phones lose their connection. */
const USUAL = 0.02;
const WEIGHT = 100;

/** The share of late reports, 0..1, drawn to the usual one by a hundred reports. */
export const lateShareOf = (row: LateShareRow | undefined): number => ((row?.late ?? 0) + USUAL * WEIGHT) / ((row?.total ?? 0) + WEIGHT);
