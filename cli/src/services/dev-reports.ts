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

const PAGE_ROWS = 1000;

/**
 * Reads a page of what came in behind a place, which is a moment and an id: rows of one insert share their moment, and may be more than
 * a page. Ids are compared as numbers; the column that is shown is their text. Cost: the rows of the last minutes, since the table keeps
 * one day.
 */
const SQL = `SELECT ${COLUMNS} FROM dev_reports AS d
WHERE d.inserted_at >= fromUnixTimestamp64Micro({after_us:Int64})
  AND (d.inserted_at > fromUnixTimestamp64Micro({after_us:Int64}) OR d.report_id > {after_id:UInt64})
  AND ({project:String} = '' OR d.project = {project:String})
ORDER BY d.inserted_at, d.report_id LIMIT ${PAGE_ROWS}`;
const LAST_ID = String(2n ** 64n - 1n);
/** What an inserted row may be behind others that were seen: another writer's clock may be a little slow. */
const OVERLAP_US = 1_000_000n;
const SEEN_MAX = 50_000;

/** Behind which row to go on. */
interface Place {
  readonly us: bigint;
  readonly id: string;
}

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
  /** When the reports that were shown were inserted, by their ids. */
  const seen = new Map<string, bigint>();

  /** Shows the page behind a place. @returns The place of its last row; undefined where nothing is behind it. */
  const showPage = async (after: Place): Promise<Place | undefined> => {
    const query_params = { after_us: after.us.toString(), after_id: after.id, project };
    const result = await client.query({ query: SQL, query_params, format: 'JSONEachRow' });
    const rows = await result.json<DevReport & { inserted_us: string }>();
    for (const { inserted_us: insertedUs, ...report } of rows) {
      if (seen.has(report.report_id)) continue;
      const us = BigInt(insertedUs);
      seen.set(report.report_id, us);
      if (us - OVERLAP_US > sinceUs) sinceUs = us - OVERLAP_US;
      show(report);
    }
    const last = rows.at(-1);
    return last === undefined || rows.length < PAGE_ROWS ? undefined : { us: BigInt(last.inserted_us), id: last.report_id };
  };

  while (!isOver()) {
    try {
      // From the overlap on, to the end of what is there.
      let place: Place | undefined = { us: sinceUs - 1n, id: LAST_ID };
      while (place !== undefined && !isOver()) place = await showPage(place);
      hasAnswered = true;
    } catch (error) {
      if (!hasAnswered && !isOver()) throw error;
    }
    // Those of the overlap are read again, however many they are.
    if (seen.size > SEEN_MAX) for (const [id, us] of seen) if (us < sinceUs) seen.delete(id);
    await wait(everyMs, undefined, { signal }).catch(() => undefined);
  }
}
