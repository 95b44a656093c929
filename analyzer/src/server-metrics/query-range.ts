/** The range query of the Prometheus HTTP API, as far as it is needed. Source: Prometheus documentation, "HTTP API". */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { PullDeps } from './pull-exposition.js';
import { readBounded } from './read-bounded.js';
import type { PrometheusSource } from './source.js';

const USUAL_MOST = 100;

const answerSchema = z.object({
  status: z.literal('success'),
  data: z.object({
    resultType: z.literal('matrix'),
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), values: z.array(z.tuple([z.number(), z.string()])).max(20_000) })),
  }),
});
const problemSchema = z.object({ status: z.literal('error'), errorType: z.string() });
export type RangeSeries = z.infer<typeof answerSchema>['data']['result'][number];

/** Thrown with plain words about what the Prometheus answered; never its text, which may quote queries and labels. */
class BadAnswer extends Error {}

/** One range query: times in s since the epoch. */
export interface RangeQuery {
  readonly query: string;
  readonly fromS: number;
  readonly toS: number;
  readonly stepS: number;
  /** More series than this are a mistake; default 100. */
  readonly most?: number;
}

/** Asks the Prometheus of a source. @returns At most `most` series. Rejects with an Error whose message says in plain words what went wrong. */
export async function queryRange(
  source: PrometheusSource,
  { query, fromS, toS, stepS, most = USUAL_MOST }: RangeQuery,
  deps: PullDeps,
): Promise<RangeSeries[]> {
  const { fetchFn = fetch, timeoutMs = 5_000 } = deps;
  const token = source.bearerTokenFile === undefined ? undefined : (await readFile(source.bearerTokenFile, 'utf8')).trim();
  const answer = await fetchFn(`${source.prometheusUrl.replace(/\/+$/, '')}/api/v1/query_range`, {
    method: 'POST',
    body: new URLSearchParams({ query, start: String(fromS), end: String(toS), step: String(stepS) }),
    signal: AbortSignal.timeout(timeoutMs),
    redirect: 'error',
    headers: { accept: 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) },
  });
  const text = await readBounded(answer);
  if (text === undefined) throw new BadAnswer('the Prometheus answered more than 4 MiB');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new BadAnswer(`the Prometheus answered ${answer.status} and no JSON`);
  }
  const problem = problemSchema.safeParse(value);
  if (problem.success) throw new BadAnswer(`the Prometheus refused a query (${problem.data.errorType.slice(0, 40)})`);
  const parsed = answerSchema.safeParse(value);
  if (!parsed.success) throw new BadAnswer(`the Prometheus answered ${answer.status} with something else than a matrix`);
  const { result } = parsed.data.data;
  if (result.length > most) throw new BadAnswer(`a query gave ${result.length} series, more than ${most}`);
  return result;
}
