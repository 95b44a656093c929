/** What a collector is told at its start, checked whole before anything is opened. */
import { HOST_PATTERN, OutcryError, PROJECT_PATTERN, ROUTE_PATTERN } from '@outcry/protocol';
import type { RecipientKeyPair } from '@outcry/protocol/open';
import type { ClickHouseClient } from '@outcry/storage';
import { z } from 'zod';
import type { ProjectOptions } from './intake/registry.js';
import type { Limits } from './limits.js';
import type { Log } from './log.js';

export interface CollectorOptions {
  /** Name in rows and logs; delivery records call collectors by their host, so a host name serves well. */
  readonly name: string;
  /** Without `tls` only loopback addresses are bound. */
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Directory of the journal and the compiled network table. */
  readonly dataDir: string;
  /** Live recipient keys, the current one and those before it. */
  readonly keys: readonly RecipientKeyPair[];
  readonly projects: Readonly<Record<string, ProjectOptions>>;
  readonly storage: ClickHouseClient;
  /** Addresses and CIDR ranges of proxies whose `X-Forwarded-For` is believed. */
  readonly trustProxy?: readonly string[] | undefined;
  /** PEM files, read again when they change. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string } | undefined;
  /** Directory of the signed configurations that agents ask for, `<project>.json` each; `agent-config` in `dataDir` when left out. */
  readonly agentConfigDir?: string | undefined;
  readonly limits?: Partial<Limits> | undefined;
  readonly log?: Log | undefined;
  /** The collector's clock, milliseconds since the epoch. */
  readonly now?: (() => number) | undefined;
}

const host = z.string().regex(HOST_PATTERN);
const project = z.strictObject({
  hosts: z.array(host).min(1).max(1_000),
  routes: z.array(z.string().regex(ROUTE_PATTERN)).max(1_000).optional(),
  retentionDays: z.int().min(1).max(3_650).optional(),
  k: z.int().min(2).max(10_000).optional(),
  stage: z.enum(['production', 'development']),
  nel: z.boolean().optional(),
});
const count = z
  .int()
  .min(1)
  .max(2 ** 52);
const limits = z.strictObject({
  uploadsPerSecond: z.number().positive(),
  uploadBurst: count,
  networkUploadsPerSecond: z.number().positive(),
  networkUploadBurst: count,
  signersPerHour: count.max(4_096),
  prefixes: count,
  connections: count,
  connectionsPerPrefix: count,
  uploadsInWork: count,
  uploadsInWorkPerPrefix: count,
  verifying: count,
  releasesPerDay: count,
  clockOffsets: count,
  nelRepeats: count,
  journalEntries: count,
  journalBytes: count,
  minFreeBytes: z.int().min(0),
  batchRows: count.max(20_000),
  batchAfterMs: z.int().min(0).max(60_000),
  retryCapMs: z.int().min(10).max(3_600_000),
  headersTimeoutMs: z.int().min(100).max(600_000),
  requestTimeoutMs: z.int().min(100).max(600_000),
  stopDelayMs: z.int().min(0).max(600_000),
  closeAfterMs: z.int().min(0).max(60_000),
} satisfies Record<keyof Limits, z.ZodType>);

const checked = z.object({
  name: z.string().regex(/^[0-9A-Za-z._-]{1,253}$/),
  host: z.string().min(1).max(253),
  port: z.int().min(0).max(65_535),
  dataDir: z.string().min(1),
  keys: z.array(z.object({ publicKey: z.string(), secretKey: z.string() })).min(1),
  projects: z.record(z.string().regex(PROJECT_PATTERN), project),
  trustProxy: z.array(z.string()).optional(),
  tls: z.strictObject({ certFile: z.string().min(1), keyFile: z.string().min(1) }).optional(),
  agentConfigDir: z.string().min(1).optional(),
  limits: limits.partial().optional(),
});

/**
 * Throws `OUTCRY_BAD_CONFIG` naming every wrong option, never its value: an option can be a secret key.
 */
export function checkOptions(options: Omit<CollectorOptions, 'storage'>): void {
  const result = checked.safeParse(options);
  if (result.success) return;
  const wrong = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new OutcryError('OUTCRY_BAD_CONFIG', wrong.join('; '));
}

const LOOPBACK = /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|\[::1\]|localhost)$/;

/** Whether a host that is bound can be reached from this machine only. */
export function isLoopback(boundHost: string): boolean {
  return LOOPBACK.test(boundHost);
}
