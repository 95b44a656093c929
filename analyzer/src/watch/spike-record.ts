import { z } from 'zod';
import type { SpikeRow } from '@outcry/storage';
import { VERDICTS } from '../pair/verdict.js';

const nullable = z.number().nullable();
const verdict = z.object({
  verdict: z.enum(VERDICTS),
  uncorroborated: z.boolean(),
  because: z.array(z.string()).readonly(),
  wouldChange: z.array(z.string()).readonly(),
  runbook: z.string(),
  numbers: z.object({
    failing_clients: z.number(),
    expected_clients: z.number(),
    server_error_share: nullable,
    server_error_share_before: nullable,
    server_requests_per_s: nullable,
    server_requests_per_s_before: nullable,
    request_dip: nullable,
    request_dip_p_value: nullable,
    error_rise_p_value: nullable,
    attempts_failed_share: nullable,
    attempts_failed_share_before: nullable,
  }),
});

/** What a version of a spike holds besides its key, state and times: unsuppressed, to be read through `publish()` only. */
export const documentSchema = z.object({
  foundMs: z.number(),
  /** When the detector last found it, ms. */
  lastSeenMs: z.number(),
  failingClients: z.number(),
  expectedClients: z.number(),
  expectedWhole: z.number(),
  /** Whose series it was found in; once a network's, always a network's. Unknown in documents of before: then as if in a network. */
  foundIn: z.enum(['host', 'network']).default('network'),
  peakClients: z.number(),
  failedRequests: z.number(),
  pValue: z.number(),
  type: z.string().nullable(),
  byKind: z.record(z.string(), z.number()),
  places: z.array(
    z.object({ where: z.record(z.string(), z.string()), explained: z.number(), clientsBy: z.record(z.string(), z.number()) }),
  ),
  placeReason: z.string(),
  unexplained: z.number(),
  networksFailing: z.number(),
  verdict,
});
export type SpikeDocument = z.infer<typeof documentSchema>;

export interface SpikeRecord {
  readonly id: string;
  readonly project: string;
  readonly host: string;
  readonly kind: string;
  /** '' for the whole host, else for example `network=AS3320/DE`: what it was first found as. Part of the key, never changed. */
  readonly scope: string;
  readonly startedMs: number;
  /** Null while open. */
  readonly endedMs: number | null;
  readonly document: SpikeDocument;
}

/** A stored row as a record; undefined when its document is of another form (an older or newer analyzer's). */
export function recordOf(row: SpikeRow): SpikeRecord | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(row.document);
  } catch {
    return undefined;
  }
  const document = documentSchema.safeParse(parsed);
  if (!document.success) return undefined;
  const endedMs = row.state === 'open' ? null : row.ended_at * 1000;
  const { project, host, kind, scope } = row;
  return { id: row.spike_id, project, host, kind, scope, startedMs: row.started_at * 1000, endedMs, document: document.data };
}

export function rowOf(record: SpikeRecord, version: number): SpikeRow {
  return {
    spike_id: record.id,
    project: record.project,
    host: record.host,
    kind: record.kind,
    scope: record.scope,
    state: record.endedMs === null ? 'open' : 'closed',
    started_at: Math.floor(record.startedMs / 1000),
    ended_at: record.endedMs === null ? 0 : Math.floor(record.endedMs / 1000),
    document: JSON.stringify(record.document),
    version: String(version),
  };
}
