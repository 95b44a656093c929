/** What counters that begin late, start anew or tell differences add up to. */
import { describe, expect, it } from 'vitest';
import { pair } from '../../../analyzer/src/pair/pair.js';
import { serverEvidence } from '../../../analyzer/src/server-metrics/server-evidence.js';
import { increments, stepsOf } from '../../../analyzer/src/server-metrics/steps.js';
import { storedName } from '../../../analyzer/src/server-metrics/stored-name.js';
import type { RequestsForm, StatusClass } from '../../../analyzer/src/server-metrics/stored-name.js';

/** @param samples - Times in s with what stood there. */
const series = (statusClass: StatusClass, samples: Record<number, number>, process = 'p', form: RequestsForm = 'requests') =>
  Object.entries(samples).map(([time, value]) => ({
    name: storedName(form, statusClass, `${process} ${statusClass}`, process),
    time: Number(time),
    value,
  }));
const every = (stepS: number, from: number, to: number, valueAt: (time: number) => number): Record<number, number> =>
  Object.fromEntries(Array.from({ length: (to - from) / stepS + 1 }, (_, i) => [from + i * stepS, valueAt(from + i * stepS)]));
const errorsIn = (rows: Parameters<typeof stepsOf>[0]): number => increments(rows).reduce((sum, { errors }) => sum + errors, 0);

describe('a counter of errors that begins at the first error', () => {
  const served = series(
    '2xx',
    every(10, 0, 1_000, (time) => 1e6 + time * 50),
  );

  it('counts from 0 where the process had been sampled without it, so that the first look tells that it is inside', () => {
    const rows = [...served, ...series('5xx', { 990: 300, 1_000: 320 })];
    const evidence = serverEvidence(rows, { startMs: 980_000, endMs: 1_000_000 });
    expect(evidence?.now).toEqual({ requests: 1_000 + 320, errors: 320, seconds: 20 });
    const spike = { kind: 'http', place: {}, networksFailing: 3, failingClients: 30, expectedClients: 0 };
    expect(pair(spike, evidence).verdict).toBe('inside');
    expect(pair(spike, serverEvidence(served, { startMs: 980_000, endMs: 1_000_000 })).verdict).toBe('outside');
  });

  it('counts since the sample before of its process, in whichever form it is stored', () => {
    const [step] = stepsOf([...served, ...series('5xx', { 990: 300 })]).filter(({ isError }) => isError);
    expect(step).toMatchObject({ atMs: 990_000, spanMs: 10_000, requests: 300 });
    const rates = [
      ...series(
        '2xx',
        every(15, 0, 300, () => 50),
        'p',
        'requests_per_s',
      ),
      ...series('5xx', { 300: 4 }, 'p', 'requests_per_s'),
    ];
    expect(errorsIn(rates)).toBe(4 * 15);
    const added = [
      ...series(
        '2xx',
        every(60, 0, 600, () => 900),
        'p',
        'requests_added',
      ),
      ...series('5xx', { 600: 7 }, 'p', 'requests_added'),
    ];
    expect(errorsIn(added)).toBe(7);
  });

  it('counts nothing of before where all counters of a process begin together, as at its start', () => {
    expect(errorsIn(series('5xx', { 0: 5_000, 10: 5_001 }))).toBe(1);
    const late = [
      ...served,
      ...series(
        '2xx',
        every(10, 500, 1_000, (time) => 9e6 + time),
        'q',
      ),
      ...series('5xx', { 501: 5_000, 511: 5_002 }, 'q'),
    ];
    expect(errorsIn(late)).toBe(2);
    expect(increments(late).reduce((sum, { requests }) => sum + requests, 0)).toBe(50_000 + 500 + 2);
  });

  it('counts nothing of before at the edge of what was read, where its sample before may just be left out', () => {
    const from = (fromS: number) =>
      [
        ...series(
          '2xx',
          every(60, 0, 600, (time) => time),
        ),
        ...series(
          '5xx',
          every(60, 59, 599, () => 5_000),
        ),
      ].filter(({ time }) => time >= fromS);
    for (const fromS of [0, 59, 60, 61]) expect(errorsIn(from(fromS))).toBe(0);
  });

  it('counts at the second sample of a process that started in the midst of what was read', () => {
    expect(errorsIn([...served, ...series('2xx', { 500: 3, 510: 9 }, 'q'), ...series('5xx', { 510: 40 }, 'q')])).toBe(40);
  });

  it('counts from 0 after a reset, and what it held before once only', () => {
    const reset = [...series('2xx', { 0: 900, 10: 950, 20: 4, 30: 60 }), ...series('5xx', { 30: 12, 40: 15, 50: 2 })];
    expect(errorsIn(reset)).toBe(12 + 3 + 2);
  });

  it("is no one else's: what another process had been sampled with says nothing", () => {
    expect(errorsIn([...served, ...series('5xx', { 500: 5_000, 510: 5_001 }, 'q')])).toBe(1);
    // Stored before names told the process.
    const unnamed = { name: storedName('requests', '5xx', 'x'), value: 5_000 };
    expect(errorsIn([...served, { ...unnamed, time: 500 }, { ...unnamed, time: 510 }])).toBe(0);
  });
});
