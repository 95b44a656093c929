import { describe, expect, it } from 'vitest';
import { reportWords, type WordedReport } from '../../../examples/shop/src/words.js';

const report: WordedReport = {
  method: 'GET',
  scheme: 'http',
  host: '127.0.3.2',
  type: 'abandoned',
  kind: 'timeout',
  confidence_pct: 90,
  elapsed_ms: 2000,
  status_code: 0,
  count: 1,
};

describe('a report in plain words', () => {
  it('says what failed, why, how sure that is and how long it took', () => {
    expect(reportWords(report)).toBe(
      'GET http://127.0.3.2 failed: no answer came in time (timeout, type abandoned, 90 % sure, after at least 2000 ms)',
    );
  });

  it('adds the status of an answer and the number of repeats where there are any', () => {
    expect(reportWords({ ...report, kind: 'http', type: 'http.error', status_code: 503, count: 4 })).toMatch(/, status 503, 4 times\)$/);
  });

  it('never guesses at a kind it does not know', () => {
    expect(reportWords({ ...report, kind: 'unknown' })).toContain('why cannot be told from inside a page');
    expect(reportWords({ ...report, kind: 'newer' })).toContain('why cannot be told from inside a page (newer,');
  });
});
