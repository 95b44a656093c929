import type { ClickHouseClient } from '@outcry/storage';

const BIN_S = 300;
/** A gap shorter than this is left as it is. */
const SMALLEST_GAP_S = 600;

/** Where the last attempts of the shop's clients end, within the wanted time. Cost: the attempts of two hours. */
const SQL = `SELECT toUnixTimestamp(max(event_time)) AS last FROM attempts
WHERE project = 'shop' AND event_time >= fromUnixTimestamp({from:UInt32}) AND event_time <= now()`;

/**
 * From where history is to be made: the start of the wanted time, or the end of what an earlier start left in it.
 *
 * @param minutes - How much history is wanted.
 * @returns Milliseconds since the epoch, or null when there is enough already.
 */
export async function findHistoryGap(client: ClickHouseClient, minutes: number, nowMs: number): Promise<number | null> {
  if (minutes === 0) return null;
  const nowS = Math.floor(nowMs / 1000);
  const fromS = nowS - minutes * 60;
  const result = await client.query({ query: SQL, query_params: { from: fromS }, format: 'JSONEachRow' });
  const [row] = await result.json<{ last: number | string }>();
  const last = Number(row?.last ?? 0);
  const startS = last < fromS ? fromS : last + BIN_S;
  return nowS - startS < SMALLEST_GAP_S ? null : startS * 1000;
}
