/** Bodies as they travel: what says that nothing was recorded is no value, and what cannot be read is not taken for empty. */
import { describe, expect, it } from 'vitest';
import snappy from 'snappyjs';
import { OtlpRequest, readOtlp } from '../../../analyzer/src/server-metrics/otlp.js';
import { sortPushed } from '../../../analyzer/src/server-metrics/pushed.js';
import type { PushedSeries } from '../../../analyzer/src/server-metrics/pushed.js';
import { readRemoteWrite, WriteRequest } from '../../../analyzer/src/server-metrics/remote-write.js';
import { increments } from '../../../analyzer/src/server-metrics/steps.js';

const AT = 1_800_000_000;
const timeOf = (i: number): number => AT + i * 10;
/** What is counted of what was pushed. */
const countedOf = (pushed: readonly PushedSeries[]): number[] => {
  const { rows } = sortPushed(pushed, [{ project: 'shop', host: 'a', push: { labels: {} } }], AT * 1000);
  return increments([...rows].sort((a, b) => a.time - b.time)).map(({ requests }) => requests);
};
/** A counter that tells once in between that nothing was recorded. */
const WRITTEN = [1_000_000, 1_000_100, undefined, 1_000_300] as const;

describe('an OTLP export', () => {
  const sum = (points: readonly object[]) => ({ sum: { isMonotonic: true, aggregationTemporality: 2, dataPoints: points } });
  const histogram = (points: readonly object[]) => ({ histogram: { aggregationTemporality: 2, dataPoints: points } });
  const read = (metric: object, type: 'application/json' | 'application/x-protobuf'): PushedSeries[] => {
    const request = { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'http_requests_total', ...metric }] }] }] };
    if (type === 'application/json') return readOtlp(Buffer.from(JSON.stringify(request)), type);
    return readOtlp(Buffer.from(OtlpRequest.encode(OtlpRequest.fromObject(request)).finish()), type);
  };
  const timed = (points: readonly object[]): object[] => points.map((point, i) => ({ ...point, timeUnixNano: `${timeOf(i)}000000000` }));

  it('counts across a point without a recorded value, of sums and histograms, in either coding', () => {
    for (const type of ['application/json', 'application/x-protobuf'] as const) {
      const numbers = timed(WRITTEN.map((asDouble) => (asDouble === undefined ? { flags: 1 } : { asDouble })));
      expect(countedOf(read(sum(numbers), type))).toEqual([100, 200]);
      // Some write a 0 beside the flag.
      const zeros = timed(WRITTEN.map((asInt) => (asInt === undefined ? { flags: 1, asInt: '0' } : { asInt: String(asInt) })));
      expect(countedOf(read(sum(zeros), type))).toEqual([100, 200]);
      const counts = timed(WRITTEN.map((count) => (count === undefined ? { flags: 1 } : { count: String(count) })));
      expect(countedOf(read(histogram(counts), type))).toEqual([100, 200]);
    }
  });

  it('counts from a count of 0, which protobuf leaves out, and not from a number that is missing', () => {
    for (const type of ['application/json', 'application/x-protobuf'] as const) {
      expect(countedOf(read(histogram(timed([{}, { count: '7' }])), type))).toEqual([7]);
      expect(countedOf(read(sum(timed([{ asInt: '0' }, { asInt: '7' }])), type))).toEqual([7]);
      expect(countedOf(read(sum(timed([{}, { asInt: '7' }])), type))).toEqual([]);
    }
  });
});

describe('a remote write', () => {
  const packed = (bytes: Uint8Array): Buffer => snappy.compress(Buffer.from(bytes));
  const NAMED = [{ name: '__name__', value: 'http_requests_total' }];

  it('counts across the NaN that marks a series as stale', () => {
    const samples = WRITTEN.map((value = NaN, i) => ({ value, timestamp: timeOf(i) * 1000 }));
    const body = Buffer.from(WriteRequest.encode(WriteRequest.fromObject({ timeseries: [{ labels: NAMED, samples }] })).finish());
    const stale = Buffer.alloc(8);
    stale.writeBigUInt64LE(0x7ff0000000000002n);
    const plain = Buffer.alloc(8);
    plain.writeDoubleLE(NaN);
    expect(body.includes(plain)).toBe(true);
    stale.copy(body, body.indexOf(plain));
    expect(countedOf(readRemoteWrite(packed(body)))).toEqual([100, 200]);
  });
});
