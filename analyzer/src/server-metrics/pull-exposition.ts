import type { ClickHouseClient, ServerMetricRow } from '@outcry/storage';
import { failureWords, readBounded } from './read-bounded.js';
import { readExposition } from './read-exposition.js';
import type { ExpositionSource } from './source.js';
import { NO_STATUS, storedName } from './stored-name.js';

export interface PullDeps {
  readonly client: ClickHouseClient;
  readonly now?: () => number;
  readonly fetchFn?: typeof fetch;
  /** Longest wait for one endpoint, ms; default 5 s. */
  readonly timeoutMs?: number;
  /** Tells this analyzer's process from all others that may read the same endpoint; without it there is thought to be one. */
  readonly reader?: string;
}

/**
 * Pulls one server's counters and stores their raw values, under a name of this analyzer's own: another's clock may be apart, and between its samples
 * these would seem to fall.
 *
 * @returns What went wrong in plain words, or null. Never rejects: a server that is down must not stop the analyzer, its silence is news.
 */
export async function pullExposition(source: ExpositionSource, deps: PullDeps): Promise<string | null> {
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
    if (counters.size === 0) return `there is no counter ${source.requests ?? 'http_requests_total'}`;
    const { project, host, url } = source;
    const strange = [...counters.keys()].every((c) => c === 'other') ? NO_STATUS : null;
    const rows = [...counters].map(([statusClass, value]): ServerMetricRow => ({
      time,
      project,
      host,
      name: storedName('requests', statusClass, undefined, url, reader),
      value,
    }));
    await client.insert({ table: 'server_metrics', values: rows, format: 'JSONEachRow' });
    return strange;
  } catch (error) {
    return failureWords(error);
  }
}
