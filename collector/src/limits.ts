/** The bounds of a collector, with their defaults. Each is in `docs/reference/collector.md`. */

/** A hundred reports with long addresses fit; a longer upload is refused. */
export const MAX_NEL_UPLOAD_BYTES: number = 256 * 1024;

export interface Limits {
  /** Uploads per second and address prefix (/24, /48) that are let through for ever. */
  readonly uploadsPerSecond: number;
  /** Uploads that a prefix may send at once. */
  readonly uploadBurst: number;
  /** Uploads per second and network (autonomous system) that are let through for ever. */
  readonly networkUploadsPerSecond: number;
  /** Uploads that a network may send at once. */
  readonly networkUploadBurst: number;
  /** Signer keys per prefix and hour that signed something, at most 4,096. */
  readonly signersPerHour: number;
  /** Prefixes remembered for these limits, and networks. */
  readonly prefixes: number;
  /** Open connections. */
  readonly connections: number;
  /** Open connections of a prefix; those of trusted proxies are not counted. */
  readonly connectionsPerPrefix: number;
  /** Uploads in work at once, from the header to the answer. */
  readonly uploadsInWork: number;
  /** Of these, uploads of one prefix. */
  readonly uploadsInWorkPerPrefix: number;
  /** Signatures being verified at once. */
  readonly verifying: number;
  /** New release names per project and UTC day before `other`. */
  readonly releasesPerDay: number;
  /** Signers whose clock offset is remembered. */
  readonly clockOffsets: number;
  /** Reports of Network Error Logging remembered, to recognise those sent again. */
  readonly nelRepeats: number;
  /** Entries that may wait for storage. */
  readonly journalEntries: number;
  /** Bytes of entries that may wait for storage. */
  readonly journalBytes: number;
  /** Bytes that must stay free on the journal's disk; less than 32 MiB counts as 32 MiB. */
  readonly minFreeBytes: number;
  /** Rows after which a batch is cut at once; a batch holds at most twice as many. */
  readonly batchRows: number;
  /** Milliseconds after which a smaller batch is cut. */
  readonly batchAfterMs: number;
  /** Longest wait between two tries to insert, in milliseconds. */
  readonly retryCapMs: number;
  /** Milliseconds for the header of a request. */
  readonly headersTimeoutMs: number;
  /** Milliseconds for a whole request. */
  readonly requestTimeoutMs: number;
  /** Milliseconds between `/readyz` turning 503 and the first upload that is refused, so that a load balancer has looked. */
  readonly stopDelayMs: number;
  /** Milliseconds that uploads in work get when the collector closes, and then the drainer. */
  readonly closeAfterMs: number;
}

export const DEFAULT_LIMITS: Limits = {
  uploadsPerSecond: 20,
  uploadBurst: 200,
  networkUploadsPerSecond: 1_000,
  networkUploadBurst: 10_000,
  signersPerHour: 2_000,
  prefixes: 20_000,
  connections: 8_192,
  connectionsPerPrefix: 1_024,
  uploadsInWork: 512,
  uploadsInWorkPerPrefix: 128,
  verifying: 64,
  releasesPerDay: 200,
  clockOffsets: 200_000,
  nelRepeats: 100_000,
  journalEntries: 2_000_000,
  journalBytes: 4 * 1024 ** 3,
  minFreeBytes: 64 * 1024 ** 2,
  batchRows: 5_000,
  batchAfterMs: 1_000,
  retryCapMs: 15_000,
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 10_000,
  stopDelayMs: 0,
  closeAfterMs: 2_000,
};
