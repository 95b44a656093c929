/** Reports of development projects as they arrive: the only reports that are ever shown one by one. */
import { setTimeout as wait } from 'node:timers/promises';
import type { ClickHouseClient } from '@outcry/storage';

/** One row of `dev_reports` as `tail` prints it. */
export interface DevReport {
  readonly report_id: string;
  readonly project: string;
  readonly release: string;
  readonly source: string;
  readonly host: string;
  readonly scheme: string;
  readonly method: string;
  readonly resource: string;
  readonly type: string;
  readonly kind: string;
  readonly confidence_pct: number;
  readonly elapsed_ms: number;
  readonly status_code: number;
  readonly count: number;
  readonly network: string;
  readonly collector: string;
  /** RFC 3339. */
  readonly event_time: string;
  /** RFC 3339. */
  readonly received_at: string;
}

const COLUMNS = [
  'toString(report_id) AS report_id',
  ...[
    'project',
    'release',
    'source',
    'host',
    'scheme',
    'method',
    'resource',
    'type',
    'kind',
    'confidence_pct',
    'elapsed_ms',
    'status_code',
  ],
  ...['count', 'network', 'collector'],
  "formatDateTime(event_time, '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS event_time",
  "formatDateTime(received_at, '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS received_at",
  'toUnixTimestamp64Micro(inserted_at) AS inserted_us',
].join(', ');

/** Reads what came in since a moment. Cost: the rows of the last minutes, since the table keeps one day. */
const SQL = `SELECT ${COLUMNS} FROM dev_reports
WHERE inserted_at >= fromUnixTimestamp64Micro({since_us:Int64}) AND ({project:String} = '' OR project = {project:String})
ORDER BY inserted_at, report_id LIMIT 1000`;

export interface FollowOptions {
  /** Only this project; all development projects when left out. */
  readonly project?: string | undefined;
  /** Reports inserted from this moment on, ms since the epoch. */
  readonly sinceMs: number;
  readonly everyMs?: number;
  readonly signal: AbortSignal;
}

/**
 * Calls `show` once for each report, in the order of arrival, until the signal aborts.
 *
 * Rejects with the client's error when the first question fails; later ones are asked again.
 */
export async function followDevReports(client: ClickHouseClient, options: FollowOptions, show: (report: DevReport) => void): Promise<void> {
  const { project = '', sinceMs, everyMs = 1000, signal } = options;
  let sinceUs = BigInt(sinceMs) * 1000n;
  let hasAnswered = false;
  const isOver = (): boolean => signal.aborted;
  const seen = new Set<string>();
  while (!signal.aborted) {
    try {
      const result = await client.query({ query: SQL, query_params: { since_us: sinceUs.toString(), project }, format: 'JSONEachRow' });
      for (const row of await result.json<DevReport & { inserted_us: string }>()) {
        const { inserted_us: insertedUs, ...report } = row;
        if (seen.has(report.report_id)) continue;
        seen.add(report.report_id);
        // One second of overlap: another writer's clock may be a little behind.
        const from = BigInt(insertedUs) - 1_000_000n;
        if (from > sinceUs) sinceUs = from;
        show(report);
      }
      hasAnswered = true;
    } catch (error) {
      if (!hasAnswered && !isOver()) throw error;
    }
    if (seen.size > 50_000) seen.clear();
    await wait(everyMs, undefined, { signal }).catch(() => undefined);
  }
}
