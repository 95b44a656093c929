import { FROM_AGENTS } from './ask.js';
import type { Question } from './ask.js';

export interface SeriesRow {
  readonly clock: 'event' | 'arrival';
  /** Start of the bin, s since the epoch. */
  readonly bin: number;
  readonly clients: number;
}

/**
 * How many clients failed per 10 s, by both clocks? Clients of neighbouring bins may be the same, so wider bins are not sums of these but
 * read from the wider rollup.
 * Cost: the asked stretch of all series of one project, which lie together.
 */
export const seriesOfKind10s: Question<{ project: string; host: string; kind: string; from: number; to: number }, SeriesRow> = {
  sql: seriesSql('rollup_10s'),
};

/** The same in minutes, from `series_1m`; a client seen in two releases or networks within the minute counts in each. */
export const seriesOfKind1m: Question<{ project: string; host: string; kind: string; from: number; to: number }, SeriesRow> = {
  sql: seriesSql('series_1m'),
};

/** The same in hours, from `series_1h`. */
export const seriesOfKind1h: Question<{ project: string; host: string; kind: string; from: number; to: number }, SeriesRow> = {
  sql: seriesSql('series_1h'),
};

function seriesSql(table: 'rollup_10s' | 'series_1m' | 'series_1h'): string {
  return `
    SELECT toString(clock) AS clock, toUInt32(bucket) AS bin, toUInt32(sum(signers)) AS clients
    FROM ${table} FINAL
    WHERE bucket >= toDateTime({from:UInt32}, 'UTC') AND bucket < toDateTime({to:UInt32}, 'UTC')
      AND project = {project:String} AND host = {host:String} AND kind = {kind:String} AND ${FROM_AGENTS}
    GROUP BY clock, bucket
    ORDER BY clock, bucket`;
}
