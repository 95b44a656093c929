/** Prometheus remote write 1.0: snappy-compressed protobuf. Source: the Prometheus Remote-Write 1.0 specification. */
import protobuf from 'protobufjs';
import snappy from 'snappyjs';
import type { PushedSeries } from './pushed.js';

/** Unpacked size of one request, bytes. */
export const MAX_UNPACKED_BYTES = 8 * 1024 * 1024;

const { root } = protobuf.parse(
  `syntax = "proto3";
   message WriteRequest { repeated TimeSeries timeseries = 1; }
   message TimeSeries { repeated Label labels = 1; repeated Sample samples = 2; }
   message Label { string name = 1; string value = 2; }
   message Sample { double value = 1; int64 timestamp = 2; }`,
  { keepCase: true },
);
export const WriteRequest: protobuf.Type = root.lookupType('WriteRequest');

interface Decoded {
  readonly timeseries?: readonly {
    readonly labels?: readonly { readonly name?: string; readonly value?: string }[];
    readonly samples?: readonly { readonly value?: number; readonly timestamp?: number }[];
  }[];
}

/**
 * Reads the body of one remote write.
 *
 * @param body - As it travelled. @returns Its series; exemplars, metadata and histograms are ignored. Throws at anything malformed or longer than 8 MiB.
 */
export function readRemoteWrite(body: Uint8Array): PushedSeries[] {
  const unpacked = snappy.uncompress(Buffer.from(body), MAX_UNPACKED_BYTES);
  const decoded = WriteRequest.toObject(WriteRequest.decode(unpacked), { longs: Number }) as Decoded;
  return (decoded.timeseries ?? []).flatMap(({ labels = [], samples = [] }) => {
    const all = Object.fromEntries(labels.map(({ name = '', value = '' }) => [name, value]));
    const { __name__: name, ...others } = all;
    if (name === undefined || samples.length === 0) return [];
    return [
      {
        name,
        labels: others,
        temporality: 'total' as const,
        samples: samples.map(({ value = 0, timestamp = 0 }) => ({ timeMs: timestamp, value })),
      },
    ];
  });
}
