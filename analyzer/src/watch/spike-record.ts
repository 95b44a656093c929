import { z } from 'zod';
import { SPIKE_PHASES } from '@outcry/storage';
import type { SpikePhase, SpikeRow } from '@outcry/storage';
import { NOT_EXTRAPOLATED } from '../publish/all-users.js';
import { VERDICTS } from '../pair/verdict.js';

const nullable = z.number().nullable();
const verdict = z.object({
  verdict: z.enum(VERDICTS),
  uncorroborated: z.boolean(),
  byProbers: z.boolean().default(false),
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
    // Unknown in documents of before.
    request_dip_most: nullable.default(null),
    server_latency_s: nullable.default(null),
    server_latency_s_before: nullable.default(null),
    server_saturation: nullable.default(null),
    server_saturation_before: nullable.default(null),
    minutes_since_deploy: nullable.default(null),
    collectors_missed_share: nullable.default(null),
    collectors_missed_share_before: nullable.default(null),
    probers: nullable.default(null),
    probers_failing: nullable.default(null),
    probers_before: nullable.default(null),
    probers_failing_before: nullable.default(null),
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
  /** Opted-in clients that failed because of it, at host and kind, with the 95 % interval. Unknown in documents of before. */
  affected: z.object({ clients: z.number(), low: z.number(), high: z.number() }).nullable().default(null),
  peakClients: z.number(),
  /** Different failing clients in the places, or of the whole host where none is named. */
  clientsInPlace: z.number().default(0),
  failedRequests: z.number(),
  /** Requests that failed because of it, with those that were not told for sampling. Unknown in documents of before. */
  lostRequests: z.number().optional(),
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
  allUsers: z
    .union([
      z.object({ users: z.number(), low: z.number(), high: z.number(), reason: z.null() }),
      z.object({ users: z.null(), reason: z.enum(NOT_EXTRAPOLATED) }),
    ])
    .default({ users: null, reason: 'no_totals' }),
  /** How clients of the whole host stood to its objective, and the share of the budget that the spike used up. */
  slo: z
    .object({
      burn: z.object({
        objective: z.number(),
        windowDays: z.number(),
        rates: z.object({ '5m': nullable, '30m': nullable, '1h': nullable, '6h': nullable, '3d': nullable }),
        failedInHour: z.number(),
        severity: z.enum(['page', 'notice']).nullable(),
      }),
      spent: nullable,
    })
    .nullable()
    .default(null),
});
export type SpikeDocument = z.infer<typeof documentSchema>;

/** How a spike has lived so far; in documents of before it is missing. */
const lifeSchema = z.object({
  /** Where it stood at the last look; closed and merged ones are told by the record's state. */
  phase: z.enum(SPIKE_PHASES).default('open'),
  /** When it was first stored, by the clock of the analyzer that did, ms; 0 in documents of before. */
  toldMs: z.number().default(0),
  /** Whether it was ever seen lasting: what is found only when it is over is told to nobody. */
  hasLasted: z.boolean().default(true),
  /** How often it came back after it had been closed, and when last. */
  reopened: z.number().default(0),
  reopenedMs: z.number().nullable().default(null),
  /** Its place as it was named when it was first told: a label of its alerts, which must not change. Published. */
  label: z.string().default('everywhere'),
  /** Never falls while it is open. */
  severity: z.enum(['page', 'notice']).default('notice'),
  /** The spike that tells it, where it lost a race for its key. */
  mergedInto: z.string().nullable().default(null),
});
export type SpikeLife = z.infer<typeof lifeSchema>;

export const newLife = (toldMs: number, hasLasted: boolean): SpikeLife => lifeSchema.parse({ toldMs, hasLasted });

export interface SpikeRecord {
  readonly id: string;
  readonly project: string;
  readonly host: string;
  readonly kind: string;
  /** '' for the whole host, else for example `network=AS3320/DE`: what it was first found as. Part of the key, never changed. */
  readonly scope: string;
  /** `closed` once it was quiet for long enough; `merged` where another one tells it. */
  readonly state: 'open' | 'closed' | 'merged';
  readonly startedMs: number;
  /** When its failures ended; null while they last. */
  readonly endedMs: number | null;
  /** Of the stored row that it was read from; 0 for one not stored yet. */
  readonly version: number;
  readonly life: SpikeLife;
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
  const life = lifeSchema.safeParse((parsed as { life?: unknown } | null)?.life ?? {});
  if (!document.success || !life.success) return undefined;
  const { project, host, kind, scope } = row;
  return {
    id: row.spike_id,
    project,
    host,
    kind,
    scope,
    state: row.state === 'closed' || row.state === 'merged' ? row.state : 'open',
    startedMs: row.started_at * 1000,
    endedMs: row.ended_at === 0 ? null : row.ended_at * 1000,
    version: Number(row.version),
    life: life.data,
    document: document.data,
  };
}

/** What a reader is told: the state, and while it is open the phase. */
export const phaseOf = ({ state, life }: Pick<SpikeRecord, 'state' | 'life'>): SpikePhase => (state === 'open' ? life.phase : state);

/**
 * The next version of a record. It is above the one that it was read from, so that a writer whose clock is behind is not overruled by its own past
 * reading; writing the same again at the same time makes the same row.
 */
export function rowOf(record: SpikeRecord, nowMs: number): SpikeRow {
  return {
    spike_id: record.id,
    project: record.project,
    host: record.host,
    kind: record.kind,
    scope: record.scope,
    state: phaseOf(record),
    started_at: Math.floor(record.startedMs / 1000),
    ended_at: record.endedMs === null ? 0 : Math.floor(record.endedMs / 1000),
    document: JSON.stringify({ ...record.document, life: record.life }),
    version: String(Math.max(nowMs, record.version + 1)),
  };
}
