import type { ClickHouseClient } from '@outcry/storage';
import { ask, seconds } from '../queries/ask.js';
import { storedSpikes } from '../queries/stored-spikes.js';
import { merge } from './lifecycle.js';
import type { Beaten } from './lifecycle.js';
import { recordOf, rowOf } from './spike-record.js';
import type { SpikeRecord } from './spike-record.js';

/** How far back the list of spikes goes, ms. */
const LIST_MS = 14 * 86_400_000;
const LIST_LIMIT = 500;

/** The spikes of the last 14 days and those still open, newest first, at most 500; of racing ids only the winner, and those that lost since. */
export async function loadSpikes(
  client: ClickHouseClient,
  nowMs: number,
): Promise<{ readonly kept: readonly SpikeRecord[]; readonly beaten: readonly Beaten[] }> {
  const rows = await ask(client, storedSpikes, { from: seconds(nowMs - LIST_MS), limit: LIST_LIMIT });
  return merge(rows.map(recordOf).filter((r) => r !== undefined));
}

/** Writes new versions; writing the same again changes nothing that is read. */
export async function saveSpikes(client: ClickHouseClient, records: readonly SpikeRecord[], nowMs: number): Promise<void> {
  if (records.length === 0) return;
  await client.insert({
    table: 'spikes',
    values: records.map((r) => rowOf(r, nowMs)),
    format: 'JSONEachRow',
    clickhouse_settings: { async_insert: 0 },
  });
}
