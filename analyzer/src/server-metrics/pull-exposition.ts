import type { ClickHouseClient, ServerMetricRow } from '@outcry/storage';
import { failureWords, readBounded } from './read-bounded.js';
import { readExposition, summed } from './read-exposition.js';
import type { ExpositionSource } from './source.js';
import { NO_STATUS, storedName, summedName } from './stored-name.js';

export interface PullDeps {
  readonly client: ClickHouseClient;
  readonly now?: () => number;
  readonly fetchFn?: typeof fetch;
  /** Longest wait for one endpoint, ms; default 5 s. */
  readonly timeoutMs?: number;
  /** Tells this analyzer's process from all others that may read the same endpoint; without it there is thought to be one. */
  readonly reader?: string;
}

/** Sets of labels beyond which an endpoint's counters are summed by status class: each is a row every ten seconds. */
export const MOST_SETS = 100;

/** Whether an endpoint has had too many sets of labels: going to and fro would count twice what came between. */
export interface ExpositionMemory {
  isSummed?: boolean;
}

/**
 * Pulls one server's counters and stores their raw values, each set of labels by itself: of a sum nobody could tell a set that vanished from a
 * restart. Where there are more than `MOST_SETS`, sums by status class are stored, and a fall of theirs counts as nothing. Names are this analyzer's
 * own: another's clock may be apart, and between its samples these would seem to fall.
 *
 * @param memory - Kept between pulls of one source.
 * @returns What went wrong in plain words, or null. Never rejects: a server that is down must not stop the analyzer, its silence is news.
 */
export async function pullExposition(source: ExpositionSource, deps: PullDeps, memory: ExpositionMemory = {}): Promise<string | null> {
  const { client, now = Date.now, fetchFn = fetch, timeoutMs = 5_000, reader } = deps;
  const time = Math.floor(now() / 1000);
  try {
    const answer = await fetchFn(source.url, {
      signal: AbortSignal.timeout(timeoutMs),
      redirect: 'error',
      headers: { accept: 'text/plain' },
    });
    if (!answer.ok) return `the endpoint answered ${answer.status}`;
    const text = await readBounded(answer);
    if (text === undefined) return 'the endpoint answered more than 4 MiB';
    const counters = readExposition(text, source);
    if (counters.length === 0) return `there is no counter ${source.requests ?? 'http_requests_total'}`;
    if (counters.length > MOST_SETS) memory.isSummed = true;
    const { project, host, url } = source;
    const told = memory.isSummed === true ? summed(counters) : counters;
    const rows = told.map(({ statusClass, labels, value }): ServerMetricRow => {
      const name = labels === undefined ? summedName(statusClass, url, reader) : storedName('requests', statusClass, labels, url, reader);
      return { time, project, host, name, value };
    });
    await client.insert({ table: 'server_metrics', values: rows, format: 'JSONEachRow' });
    return counters.every(({ statusClass }) => statusClass === 'other') ? NO_STATUS : null;
  } catch (error) {
    return failureWords(error);
  }
}
