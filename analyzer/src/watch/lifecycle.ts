/** Which stored spike a finding belongs to, and when one is over. Pure. */
import { createHmac, randomBytes } from 'node:crypto';
import { touches } from './find.js';
import type { Finding } from './find.js';
import type { SpikeRecord } from './spike-record.js';

/** An open spike that is not found for so long is over. */
const UNSEEN_MS = 5 * 60_000;
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
const sameSubject = (r: SpikeRecord, f: Finding): boolean => r.project === f.project && r.host === f.host && r.kind === f.kind;

/**
 * The stored spike that a finding continues, or undefined when it is new.
 *
 * First one of the same key that is open or closed at most 15 min before; else, for a finding of the whole host, an open one of any
 * scope, and for one inside a network, an open one of the whole host: the place may change while a spike lasts, its key may not.
 */
export function adopt(finding: Finding, scope: string, stored: readonly SpikeRecord[]): SpikeRecord | undefined {
  const near = stored.filter((r) => sameSubject(r, finding) && touches(span(r), finding.spike)).sort(byAge);
  return (
    near.find((r) => r.scope === scope) ??
    near.find((r) => r.endedMs === null && (finding.network === null || r.scope === '' || r.scope === `network=${finding.network}`))
  );
}

/** The stored spike, closed no earlier, that tells a finding which is over; undefined when there is still something to store. */
export function finished(finding: Finding, stored: readonly SpikeRecord[]): SpikeRecord | undefined {
  const endMs = finding.spike.endMs;
  if (endMs === null) return undefined;
  const scopes = finding.network === null ? null : ['', `network=${finding.network}`];
  return stored.find(
    (r) =>
      sameSubject(r, finding) &&
      touches(span(r), finding.spike) &&
      r.endedMs !== null &&
      r.endedMs >= endMs &&
      (scopes === null || scopes.includes(r.scope)),
  );
}

function byAge(a: SpikeRecord, b: SpikeRecord): number {
  return a.startedMs - b.startedMs || (a.id < b.id ? -1 : 1);
}

/**
 * Of records that race for one key and time, the one with the lowest id; the others are dropped. Keeps the order. One that lost hides
 * nothing itself: nobody closes it any more, so it would reach over every later spike of its key.
 */
export function merged(records: readonly SpikeRecord[]): SpikeRecord[] {
  const kept: SpikeRecord[] = [];
  for (const r of [...records].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    const isBeaten = kept.some(
      (o) => o.project === r.project && o.host === r.host && o.kind === r.kind && o.scope === r.scope && overlaps(o, r),
    );
    if (!isBeaten) kept.push(r);
  }
  return records.filter((r) => kept.includes(r));
}

function overlaps(a: SpikeRecord, b: SpikeRecord): boolean {
  return a.startedMs <= (b.endedMs ?? Infinity) && b.startedMs <= (a.endedMs ?? Infinity);
}

/** Open spikes that nobody has found for five minutes, closed when they were last seen. */
export function closeUnseen(open: readonly SpikeRecord[], found: ReadonlySet<string>, nowMs: number): SpikeRecord[] {
  return open
    .filter((r) => r.endedMs === null && !found.has(r.id) && nowMs - r.document.lastSeenMs > UNSEEN_MS)
    .map((r) => ({ ...r, endedMs: Math.max(r.startedMs, r.document.lastSeenMs) }));
}
