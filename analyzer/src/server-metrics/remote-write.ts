/** Prometheus remote write 1.0: snappy-compressed protobuf. Source: the Prometheus Remote-Write 1.0 specification. */
import protobuf from 'protobufjs';
import snappy from 'snappyjs';
import type { PushedSeries } from './pushed.js';

/** Unpacked size of one request, bytes. */
export const MAX_UNPACKED_BYTES = 8 * 1024 * 1024;

const { root } = protobuf.parse(
  `syntax = "proto3";
   message WriteRequest { repeated TimeSeries timeseries = 1; repeated bytes metadata = 3; }
   message TimeSeries { repeated Label labels = 1; repeated Sample samples = 2; }
   message Label { string name = 1; string value = 2; }
   message Sample { double value = 1; int64 timestamp = 2; }`,
  { keepCase: true },
);
export const WriteRequest: protobuf.Type = root.lookupType('WriteRequest');

/** The one message that is read here, as a `Content-Type` names it. */
export const REMOTE_WRITE_MESSAGE = 'prometheus.WriteRequest';

/**
 * Which message a remote write says that it holds. The version header does not decide that: who speaks 2.0 may write a message of 1.0.
 * Source: the Prometheus Remote-Write 2.0 specification, "Content-Type".
 *
 * @param contentType - The header. @returns The full name of the message; that of 1.0 where none is named.
 */
export function messageOf(contentType: string): string {
  return /;\s*proto\s*=\s*"?([^";\s]*)/i.exec(contentType)?.[1] ?? REMOTE_WRITE_MESSAGE;
}

interface Decoded {
  readonly timeseries?: readonly {
    readonly labels?: readonly { readonly name?: string; readonly value?: string }[];
    readonly samples?: readonly { readonly value?: number; readonly timestamp?: number }[];
  }[];
  readonly metadata?: readonly unknown[];
}

/**
 * Reads the body of one remote write.
 *
 * @param body - As it travelled. @returns Its series; exemplars, metadata and histograms are ignored. Throws at anything malformed or longer than 8 MiB,
 * and at another message, which would read as empty.
 */
export function readRemoteWrite(body: Uint8Array): PushedSeries[] {
  const unpacked = snappy.uncompress(Buffer.from(body), MAX_UNPACKED_BYTES);
  const decoded = WriteRequest.toObject(WriteRequest.decode(unpacked), { longs: Number }) as Decoded;
  if (unpacked.length > 0 && decoded.timeseries === undefined && decoded.metadata === undefined)
    throw new Error('neither series nor metadata');
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
