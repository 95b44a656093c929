/** What the servers of a simulated world counted, pushed to an analyzer as OTLP/HTTP JSON: one counter per host and status class. */
import type { ServerRow } from '@outcry/analyzer';

const CUMULATIVE = 2;
const TIMEOUT_MS = 15_000;
const LARGEST_BATCH = 500;

export interface PushedCount {
  readonly pushed: number;
  /** Answers by code, and pushes without an answer. */
  readonly problems: Readonly<Record<string, number>>;
}

export class MetricsPusher {
  readonly #url: URL;
  readonly #fetch: typeof fetch;
  readonly #sums = new Map<string, { ok: number; errors: number }>();
  #waiting: { readonly dueMs: number; readonly points: readonly object[] }[] = [];
  #pushed = 0;
  readonly #problems: Record<string, number> = {};

  constructor(analyzer: URL, fetchFn: typeof fetch = fetch) {
    this.#url = new URL('/v1/metrics', analyzer);
    this.#fetch = fetchFn;
  }

  get count(): PushedCount {
    return { pushed: this.#pushed, problems: this.#problems };
  }

  /** @param atS - The time of the sample, by the clock of now. */
  add({ project, host, requests, errors }: ServerRow, atS: number): void {
    const key = `${project} ${host}`;
    const sum = this.#sums.get(key) ?? { ok: 0, errors: 0 };
    this.#sums.set(key, sum);
    sum.ok += requests - errors;
    sum.errors += errors;
    const point = (status: string, value: number): object => ({
      attributes: [
        { key: 'project', value: { stringValue: project } },
        { key: 'host', value: { stringValue: host } },
        { key: 'status', value: { stringValue: status } },
      ],
      timeUnixNano: `${String(Math.round(atS * 1000))}000000`,
      asInt: String(value),
    });
    this.#waiting.push({ dueMs: atS * 1000, points: [point('200', sum.ok), point('500', sum.errors)] });
  }

  /** Pushes what is due once there are `least` samples. Never rejects: what is not taken is counted by code. */
  async flush(nowMs: number, least = 1): Promise<void> {
    if (this.#waiting.length < least) return;
    const due = this.#waiting.filter((each) => each.dueMs <= nowMs);
    this.#waiting = this.#waiting.filter((each) => each.dueMs > nowMs);
    for (let i = 0; i < due.length; i += LARGEST_BATCH) await this.#post(due.slice(i, i + LARGEST_BATCH).flatMap(({ points }) => points));
  }

  async #post(dataPoints: readonly object[]): Promise<void> {
    const sum = { dataPoints, aggregationTemporality: CUMULATIVE, isMonotonic: true };
    const body = { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'http_requests_total', sum }] }] }] };
    let code = 'no_answer';
    try {
      const answer = await this.#fetch(this.#url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const problem = (await answer.json().catch(() => ({}))) as { code?: string };
      if (answer.ok) {
        this.#pushed += dataPoints.length;
        return;
      }
      code = problem.code ?? `status_${String(answer.status)}`;
    } catch {
      // Counted below.
    }
    this.#problems[code] = (this.#problems[code] ?? 0) + 1;
  }
}
