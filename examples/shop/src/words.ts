/** A report in plain words. The page, the terminal of the demo and `outcry tail` say it with the same line. Pure; runs in pages too. */

/** The fields of a report that the line speaks of. */
export interface WordedReport {
  readonly method: string;
  readonly scheme: string;
  readonly host: string;
  readonly type: string;
  readonly kind: string;
  /** 0 to 100. */
  readonly confidence_pct: number;
  /** Lower end of its bucket, ms. */
  readonly elapsed_ms: number;
  /** 0 without an answer. */
  readonly status_code: number;
  readonly count: number;
}

const KIND_WORDS: Readonly<Record<string, string>> = {
  dns: 'the name could not be resolved',
  routing: 'no connection came about',
  tls: 'the secure connection failed',
  timeout: 'no answer came in time',
  http: 'the answer was broken or an error',
  cors: 'the answer may not be read by this page (CORS)',
  blocked: 'something on the device blocked it',
  offline: 'the device has no working network',
};

/** Such as `GET http://127.0.0.1 failed: no answer came in time (timeout, type http.failed, 90 % sure, after at least 2000 ms)`. Never throws. */
export function reportWords(report: WordedReport): string {
  const { method, scheme, host, type, kind, confidence_pct: confidence, elapsed_ms: elapsedMs, status_code: status, count } = report;
  const what = KIND_WORDS[kind] ?? 'why cannot be told from inside a page';
  const answer = status > 0 ? `, status ${String(status)}` : '';
  const times = count > 1 ? `, ${String(count)} times` : '';
  return `${method} ${scheme}://${host} failed: ${what} (${kind}, type ${type}, ${String(confidence)} % sure, after at least ${String(elapsedMs)} ms${answer}${times})`;
}
