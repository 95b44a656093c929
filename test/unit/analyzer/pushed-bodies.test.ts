/** Bodies as they travel: what says that nothing was recorded is no value, and what cannot be read is not taken for empty. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import type { ServerMetricRow } from '@outcry/storage';
import type { AnswerDeps } from '../../../analyzer/src/answers/settings.js';
import { createApp } from '../../../analyzer/src/http/app.js';
import { createMetrics } from '../../../analyzer/src/metrics.js';
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
const WRITTEN: readonly (number | undefined)[] = [1_000_000, 1_000_100, undefined, 1_000_300];

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
  /** Snappy's block format: the length, then one literal of up to 256 bytes. */
  const packed = (bytes: Uint8Array): Buffer =>
    bytes.length === 0
      ? Buffer.of(0)
      : Buffer.concat([Buffer.of((bytes.length & 127) | 128, bytes.length >> 7, 60 << 2, bytes.length - 1), bytes]);
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

  const first = packed(
    WriteRequest.encode(
      WriteRequest.fromObject({ timeseries: [{ labels: NAMED, samples: [{ value: 7, timestamp: AT * 1000 }] }] }),
    ).finish(),
  );
  const { root } = protobuf.parse(
    `syntax = "proto3";
     message Request { repeated string symbols = 4; repeated TimeSeries timeseries = 5; }
     message TimeSeries { repeated uint32 labels_refs = 1; repeated Sample samples = 2; }
     message Sample { double value = 1; int64 timestamp = 2; }`,
    { keepCase: true },
  );
  const Second = root.lookupType('Request');
  const second = packed(
    Second.encode(
      Second.fromObject({
        symbols: ['', '__name__', 'http_requests_total'],
        timeseries: [{ labels_refs: [1, 2], samples: [{ value: 7, timestamp: AT * 1000 }] }],
      }),
    ).finish(),
  );
  /** What is answered to a push, and how many samples are stored. */
  const pushed = async (body: Buffer, contentType: string, version: string): Promise<unknown[]> => {
    const rows: ServerMetricRow[] = [];
    const client = { insert: ({ values }: { values: ServerMetricRow[] }) => Promise.resolve(void rows.push(...values)) };
    const serverMetrics = [{ project: 'shop', host: 'a', push: { labels: {} } }];
    const deps = { client, serverMetrics, projects: {}, now: () => AT * 1000, state: () => ({ degraded: null }) } as unknown as AnswerDeps;
    const server = createServer(createApp(deps, createMetrics(), () => undefined));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const headers = { 'content-type': contentType, 'content-encoding': 'snappy', 'x-prometheus-remote-write-version': version };
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/push/prometheus`;
    const answer = await fetch(url, { method: 'POST', headers, body: new Uint8Array(body) });
    const text = await answer.text();
    await new Promise((resolve) => server.close(resolve));
    return [answer.status, text === '' ? null : (JSON.parse(text) as { code: string }).code, rows.length];
  };

  it('of 1.0 is stored, whichever version its sender speaks and however it names the message', async () => {
    for (const proto of ['', ';proto=prometheus.WriteRequest', '; Proto="prometheus.WriteRequest"; charset=x'])
      for (const version of ['0.1.0', '2.0.0'])
        expect(await pushed(first, `application/x-protobuf${proto}`, version)).toEqual([204, null, 1]);
  });

  it('of 2.0 is refused with a code, so that its sender says it or turns to 1.0, and never taken for empty', async () => {
    for (const proto of [';proto=io.prometheus.write.v2.Request', '; proto="io.prometheus.write.v2.Request"', ';proto='])
      expect(await pushed(second, `application/x-protobuf${proto}`, '2.0.0')).toEqual([415, 'unsupported_media_type', 0]);
    expect(await pushed(second, 'application/x-protobuf', '2.0.0')).toEqual([400, 'malformed_body', 0]);
  });

  it('of metadata alone, or of nothing, is taken', async () => {
    // Field 3: one entry of one byte.
    for (const body of [Buffer.of(0x1a, 1, 0), Buffer.alloc(0)])
      expect(await pushed(packed(body), 'application/x-protobuf', '0.1.0')).toEqual([204, null, 0]);
  });
});
