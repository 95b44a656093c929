/** The SQL of a refresh. Only names from the schema get into the text; every value is a query parameter. */
import type { Clock } from './analysis-rows.js';
import type { Rollup, SeriesRollup } from './schema/rollup-tables.js';

const TIME_OF: Readonly<Record<Clock, string>> = { event: 'event_time', arrival: 'received_at' };
const start = (time: string, widthS: number): string => `toStartOfInterval(${time}, INTERVAL ${widthS} SECOND)`;

/**
 * Notes the 10 s buckets, by either clock, of every copy of a row inserted since `{from}`.
 * Parameters: from, version (µs). Reads the granules that hold such rows, two columns of them.
 */
export const NOTE_BUCKETS = `INSERT INTO refreshed_buckets (clock, bucket, version)
SELECT DISTINCT touched.1, touched.2, {version:UInt64}
FROM (
  SELECT arrayJoin([('event', ${start('event_time', 10)}), ('arrival', ${start('received_at', 10)})]) AS touched
  FROM reports
  WHERE inserted_at >= fromUnixTimestamp64Micro({from:Int64}, 'UTC')
)`;

/** The hours in which noted buckets lie, with the number of 10 s buckets in each. Parameter: from. */
export const NOTED_HOURS = `SELECT toUInt32(toStartOfHour(bucket)) AS hour, toUInt32(uniqExact(clock, bucket)) AS buckets
FROM refreshed_buckets
WHERE version >= {from:UInt64}
GROUP BY hour
ORDER BY hour`;

/** The buckets of a rollup in which noted ones lie. Parameters: from, oldest, newest. */
const touchedBuckets = (clock: Clock, widthS: number): string => `(
        SELECT DISTINCT ${start('bucket', widthS)} FROM refreshed_buckets
        WHERE version >= {from:UInt64} AND clock = '${clock}' AND bucket >= toDateTime({oldest:UInt32}, 'UTC') AND bucket < toDateTime({newest:UInt32}, 'UTC')
      )`;

/** The cells of touched buckets that are there, with nothing in them: what stays of those that have no rows any more. */
const presentCells = (name: string, keys: string, clock: Clock, widthS: number): string => `
  SELECT ${keys}, 0, 0, 0, 0, 0 FROM ${name} FINAL WHERE clock = '${clock}' AND bucket IN ${touchedBuckets(clock, widthS)}`;

/**
 * Recomputes the cells of one rollup in every noted bucket, and empties cells that have no rows any more.
 *
 * Two steps keep it exact and cheap. A row with a time in a noted bucket may be a copy that lost; which copy won is only seen among all
 * copies of its id, and those share partition and sorting key. So first the keys of such rows are gathered, then FINAL reads these keys
 * whole and only the winners are placed.
 * Parameters: from, version (µs); oldest, newest (s): the buckets in [oldest, newest).
 */
export function refreshCells({ name, widthS, dimensions }: Rollup): string {
  const keys = ['clock', 'bucket', ...dimensions].join(', ');
  const touched = (clock: Clock) => touchedBuckets(clock, widthS);
  const winners = (clock: Clock) => `
  SELECT '${clock}' AS clock, ${start(TIME_OF[clock], widthS)} AS bucket, ${dimensions.join(', ')},
    count() AS row_count, sum(count) AS repeat_count, uniqExactIf(signer, signer != 0) AS signer_count,
    uniqExactIf(signer, signer != 0 AND crowd != 'many') AS counted_count, sum(weight) AS weight_sum
  FROM reports FINAL
  WHERE (sealed_day, project, toStartOfFiveMinutes(occurred_at)) IN (
      SELECT DISTINCT sealed_day, project, toStartOfFiveMinutes(occurred_at) FROM reports
      WHERE ${start(TIME_OF[clock], widthS)} IN ${touched(clock)}
    )
    AND ${start(TIME_OF[clock], widthS)} IN ${touched(clock)}
  GROUP BY ${keys}`;
  const present = (clock: Clock) => presentCells(name, keys, clock, widthS);
  return `INSERT INTO ${name} (${keys}, failures, repeats, signers, counted, weight, version, is_empty)
SELECT ${keys}, sum(row_count), sum(repeat_count), sum(signer_count), sum(counted_count), sum(weight_sum), {version:UInt64}, sum(row_count) = 0
FROM (${[winners('event'), winners('arrival'), present('event'), present('arrival')].join('\n  UNION ALL')}
)
GROUP BY ${keys}`;
}

/**
 * Sums the cells of a rollup over their places, in every noted bucket; to be run after `refreshCells` of that rollup. A client that was seen
 * in two places within the bucket counts in both.
 * Parameters: as of `refreshCells`.
 */
export function sumPlaces({ name, cellsOf, widthS, dimensions }: SeriesRollup): string {
  const keys = ['clock', 'bucket', ...dimensions].join(', ');
  const cells = (clock: Clock) => `
  SELECT ${keys}, failures AS row_count, repeats AS repeat_count, signers AS signer_count, counted AS counted_count, weight AS weight_sum
  FROM ${cellsOf} FINAL WHERE clock = '${clock}' AND bucket IN ${touchedBuckets(clock, widthS)}`;
  const present = (clock: Clock) => presentCells(name, keys, clock, widthS);
  return `INSERT INTO ${name} (${keys}, failures, repeats, signers, counted, weight, version, is_empty)
SELECT ${keys}, sum(row_count), sum(repeat_count), sum(signer_count), sum(counted_count), sum(weight_sum), {version:UInt64}, sum(row_count) = 0
FROM (${[cells('event'), cells('arrival'), present('event'), present('arrival')].join('\n  UNION ALL')}
)
GROUP BY ${keys}`;
}
