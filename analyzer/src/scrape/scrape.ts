import type { ClickHouseClient, ServerMetricRow } from '@outcry/storage';
import { counterName } from '../watch/server-evidence.js';
import { readMetrics } from './read-metrics.js';
import type { ServerMetricsSource } from './read-metrics.js';

export interface ScrapeDeps {
  readonly client: ClickHouseClient;
  readonly now?: () => number;
  readonly fetchFn?: typeof fetch;
  /** Longest wait for one endpoint, ms; default 5 s. */
  readonly timeoutMs?: number;
}

/** An exposition longer than this is not read: it is not the small endpoint it was thought to be. */
const MAX_BYTES = 4 * 1024 * 1024;

/** The text of an answer, or undefined once it is longer than may be; what never ends is not waited for. */
async function readText(answer: Response): Promise<string | undefined> {
  if (answer.body === null) return '';
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    // Leaving the loop cancels the body and closes the connection.
    if (bytes > MAX_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * Pulls one server's counters and stores their raw values.
 *
 * @returns What went wrong in plain words, or null. Never rejects: a server that is down must not stop the analyzer, its silence is news.
 */
export async function scrape(source: ServerMetricsSource, deps: ScrapeDeps): Promise<string | null> {
  const { client, now = Date.now, fetchFn = fetch, timeoutMs = 5_000 } = deps;
  const time = Math.floor(now() / 1000);
  try {
    const answer = await fetchFn(source.url, {
      signal: AbortSignal.timeout(timeoutMs),
      redirect: 'error',
      headers: { accept: 'text/plain' },
    });
    if (!answer.ok) return `the endpoint answered ${answer.status}`;
    const text = await readText(answer);
    if (text === undefined) return 'the endpoint answered more than 4 MiB';
    const counters = readMetrics(text, source);
    if (counters.size === 0) return `there is no counter ${source.requests ?? 'http_requests_total'}`;
    const rows = [...counters].map(([statusClass, value]): ServerMetricRow => ({
      time,
      project: source.project,
      host: source.host,
      name: counterName(statusClass),
      value,
    }));
    await client.insert({ table: 'server_metrics', values: rows, format: 'JSONEachRow' });
    return null;
  } catch (error) {
    if (!(error instanceof Error)) return String(error);
    // `fetch failed` alone tells nobody what to repair.
    const { code } = (error.cause ?? {}) as NodeJS.ErrnoException;
    return code === undefined ? error.message : `${error.message} (${code})`;
  }
}
