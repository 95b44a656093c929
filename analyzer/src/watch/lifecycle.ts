/**
 * Which stored spike a finding belongs to, where a spike stands, and when one is over. Pure.
 *
 * A spike is open from the round that tells it. It is closed when it has been quiet for five minutes, and for a quarter of an hour once it has come
 * back after that: what comes and goes every few minutes is one spike, told once and resolved once.
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { SpikePhase } from '@outcry/storage';
import { ADOPT_MS, touches } from './find.js';
import type { Group } from './find.js';
import type { SpikeLife, SpikeRecord } from './spike-record.js';
import type { Trend } from './trend.js';

/** Quiet time before a spike is closed; of one that came back before, as long as one is adopted. */
export const HOLD_MS = 5 * 60_000;
const HOLD_AGAIN_MS = ADOPT_MS;
/** Nothing that was told while it lasted is over sooner than this. */
const LEAST_OPEN_MS = 5 * 60_000;
/** How long it is said that a spike came back. */
const REOPENED_MS = 5 * 60_000;
/** An open spike that is not found for so long has ended. */
const UNSEEN_MS = 5 * 60_000;
/** A phase is left only when this is passed, which is farther than where it begins. */
const NO_LONGER_GROWING = 1.1;
const NO_LONGER_RECOVERING = 0.75;
/** Starts are cut to this grid in the id, so that a round that has to be repeated makes the same id. */
const ID_GRID_MS = 10 * 60_000;
/** Ids are shown, scopes of fewer than k clients are not: without a secret, trying every network would tell which one an id was made of. */
const SECRET = randomBytes(32);

/** The id of a new spike: the same in the same process and ten minutes, and telling nothing of its key. 16 hex digits. */
export function spikeId(
  key: { project: string; host: string; kind: string; scope: string },
  startMs: number,
  secret: Buffer = SECRET,
): string {
  const text = [key.project, key.host, key.kind, key.scope, Math.floor(startMs / ID_GRID_MS)].join('\u0000');
  return createHmac('sha256', secret).update(text).digest('hex').slice(0, 16);
}

const span = (r: SpikeRecord): { startMs: number; endMs: number | null } => ({ startMs: r.startedMs, endMs: r.endedMs });
const sameSubject = (r: Pick<SpikeRecord, 'project' | 'host' | 'kind'>, f: Pick<SpikeRecord, 'project' | 'host' | 'kind'>): boolean =>
  r.project === f.project && r.host === f.host && r.kind === f.kind;

/**
 * The stored spike that a group of findings continues, or undefined when it is new.
 *
 * First one of the same key that lasts or ended at most 15 min before; else one of any scope that is still open, or that overlaps: the
 * place may change while a spike lasts, its key may not.
 */
export function adopt(group: Group, scope: string, stored: readonly SpikeRecord[]): SpikeRecord | undefined {
  const near = stored.filter((r) => sameSubject(r, group) && touches(span(r), group.spike)).sort(byAge);
  return (
    near.find((r) => r.scope === scope) ??
    near.find((r) => r.state === 'open') ??
    near.find((r) => (r.endedMs ?? 0) >= group.spike.startMs && r.startedMs <= (group.spike.endMs ?? Infinity))
  );
}

/**
 * The stored spike that tells a group which is over; undefined when there is still something to store. What is over is looked at again and
 * again while it slides out of the look-back, and is then judged by less and less of its past: its end is told once.
 */
export function finished(group: Group, stored: readonly SpikeRecord[]): SpikeRecord | undefined {
  const { endMs } = group.spike;
  if (endMs === null) return undefined;
  return stored.find(
    (r) => sameSubject(r, group) && touches(span(r), group.spike) && r.endedMs !== null && (r.endedMs >= endMs || r.startedMs > endMs),
  );
}

function byAge(a: SpikeRecord, b: SpikeRecord): number {
  return a.startedMs - b.startedMs || (a.id < b.id ? -1 : 1);
}

/** A record that lost a race, and the one that tells it. */
export interface Beaten {
  readonly record: SpikeRecord;
  readonly into: string;
}

/**
 * Of records of one project, host and kind that overlap in time (a race of two analyzers, or late reports that made one of two) the lowest id
 * tells all: it began when the first of them did, was told when the first was, and keeps the label of that one. Its end is its own, since one
 * that lost is closed by nobody. The same records give the same answer in any order; the order is kept.
 */
export function merge(records: readonly SpikeRecord[]): { readonly kept: readonly SpikeRecord[]; readonly beaten: readonly Beaten[] } {
  const kept = new Map<string, SpikeRecord>();
  const beaten: Beaten[] = [];
  for (const r of [...records].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    const winner = [...kept.values()].find((o) => sameSubject(o, r) && overlaps(o, r));
    if (winner === undefined) kept.set(r.id, r);
    else {
      kept.set(winner.id, together(winner, r));
      beaten.push({ record: r, into: winner.id });
    }
  }
  return { kept: records.flatMap((r) => kept.get(r.id) ?? []), beaten };
}

function together(winner: SpikeRecord, lost: SpikeRecord): SpikeRecord {
  const { toldMs, label } = lost.life.toldMs < winner.life.toldMs ? lost.life : winner.life;
  return {
    ...winner,
    startedMs: Math.min(winner.startedMs, lost.startedMs),
    life: { ...winner.life, toldMs, label, hasLasted: winner.life.hasLasted || lost.life.hasLasted },
    document: { ...winner.document, foundMs: Math.min(winner.document.foundMs, lost.document.foundMs) },
  };
}

/** The last version of one that lost. */
export function mergedInto({ record, into }: Beaten): SpikeRecord {
  return { ...record, state: 'merged', endedMs: record.endedMs ?? record.document.lastSeenMs, life: { ...record.life, mergedInto: into } };
}

function overlaps(a: SpikeRecord, b: SpikeRecord): boolean {
  return a.startedMs <= (b.endedMs ?? Infinity) && b.startedMs <= (a.endedMs ?? Infinity);
}

/** The records that groups may belong to which wait to be examined: their scope is not known yet, so all that they touch. */
export function awaited(waiting: readonly Group[], stored: readonly SpikeRecord[]): Set<string> {
  return new Set(stored.filter((r) => waiting.some((g) => sameSubject(r, g) && touches(span(r), g.spike))).map((r) => r.id));
}

/** Spikes that nobody has found for five minutes ended when they were last seen. @param found - Those that were, examined or not. */
export function endUnseen(stored: readonly SpikeRecord[], found: ReadonlySet<string>, nowMs: number): SpikeRecord[] {
  return stored
    .filter((r) => r.endedMs === null && !found.has(r.id) && nowMs - r.document.lastSeenMs > UNSEEN_MS)
    .map((r) => ({ ...r, endedMs: Math.max(r.startedMs, r.document.lastSeenMs) }));
}

/**
 * The records that a round has not examined, as they stand now.
 *
 * @param examined - Those that it has. @param waiting - Groups that it found and did not examine: what they may belong to was seen, and does not end.
 */
export function notExamined(
  stored: readonly SpikeRecord[],
  examined: readonly SpikeRecord[],
  waiting: readonly Group[],
  nowMs: number,
): SpikeRecord[] {
  const ids = new Set(examined.map((r) => r.id));
  const unseen = new Map(endUnseen(stored, new Set([...ids, ...awaited(waiting, stored)]), nowMs).map((r) => [r.id, r]));
  return stored.filter((r) => !ids.has(r.id)).map((r) => settled(unseen.get(r.id) ?? r, undefined, nowMs));
}

/**
 * Where a record stands now: closed when it was quiet for long enough, else its phase. What was over for as long when it was first seen is
 * closed at once; a closed one stays so.
 *
 * @param trend - Of the series that it was found in, where it was looked at; without it a lasting spike keeps its phase.
 */
export function settled(record: SpikeRecord, trend: Trend | undefined, nowMs: number): SpikeRecord {
  if (record.state !== 'open') return record;
  const { life, endedMs } = record;
  const { reopened, toldMs, hasLasted } = life;
  const holdMs = reopened > 0 ? HOLD_AGAIN_MS : HOLD_MS;
  const isOver = endedMs !== null && nowMs - endedMs >= holdMs && (!hasLasted || nowMs - toldMs >= LEAST_OPEN_MS);
  const phase = endedMs === null ? lastingPhase(life, trend, nowMs) : 'recovering';
  return { ...record, state: isOver ? 'closed' : 'open', life: { ...life, phase } };
}

function lastingPhase({ phase, reopenedMs }: SpikeLife, trend: Trend | undefined, nowMs: number): SpikePhase {
  const isBack = reopenedMs !== null && nowMs - reopenedMs < REOPENED_MS;
  if (trend === undefined) return isBack ? 'reopened' : phase === 'growing' ? phase : 'open';
  const falls = trend.falls || (phase === 'recovering' && !trend.rises && trend.toWorst < NO_LONGER_RECOVERING);
  if (falls && !trend.rises) return 'recovering';
  if (isBack) return 'reopened';
  return trend.rises || (phase === 'growing' && trend.toBefore > NO_LONGER_GROWING) ? 'growing' : 'open';
}
