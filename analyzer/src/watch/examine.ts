/** From findings to versions of spikes: each group of findings is placed, adopted or opened, and judged. */
import { upperTail } from '../detect/tails.js';
import { grouped } from './find.js';
import type { Finding, Group } from './find.js';
import { investigate, place } from './investigate.js';
import type { Placed } from './placed.js';
import { adopt, finished, settled, spikeId } from './lifecycle.js';
import { placeLabel } from '../publish/place-label.js';
import { publishRecord } from './publish-record.js';
import type { WatchDeps } from './settings.js';
import { standsAlone } from './stands-alone.js';
import { Burns } from './burn.js';
import type { Slo } from './burn.js';
import { PAGING_DEFAULTS, severityOf } from './severity.js';
import type { SpikeSeverity } from './severity.js';
import { newLife } from './spike-record.js';
import type { SpikeDocument, SpikeRecord } from './spike-record.js';
import { Turns } from './turns.js';

/** Different failing clients in the place below which a group is not stored. */
const LEAST_CLIENTS = 3;
/** Bins count a client again and again; so many different ones must be this improbable as well. */
const DIFFERENT_P = 1e-4;
/** How well the expected number is known, in failures. */
const EXPECTED_WEIGHT = 4;
export interface Examination {
  /** The spikes that are found now, in their new versions. */
  readonly changed: readonly SpikeRecord[];
  /** Groups that were found and have to wait for their turn. */
  readonly waiting: readonly Group[];
}

/**
 * @param findings - Of whole hosts and of places; those of one project, host and kind that touch in time are one spike.
 * @param stored - The spikes as they were. Of the last parameter all is kept from round to round.
 */
export async function examine(
  findings: readonly Finding[],
  stored: readonly SpikeRecord[],
  deps: WatchDeps,
  { burns = new Burns(), turns = new Turns() }: { readonly burns?: Burns; readonly turns?: Turns } = {},
): Promise<Examination> {
  const records = new Map(stored.map((r) => [r.id, r]));
  const changed = new Map<string, SpikeRecord>();
  const { now, waiting } = turns.take(grouped(findings).filter((g) => finished(g, stored) === undefined));
  for (const group of now) {
    const record = await versionOf(await place(group, deps), [...records.values()], deps, burns);
    if (record === undefined) continue;
    records.set(record.id, record);
    changed.set(record.id, record);
  }
  return { changed: [...changed.values()], waiting };
}

async function versionOf(placed: Placed, records: readonly SpikeRecord[], deps: WatchDeps, burns: Burns): Promise<SpikeRecord | undefined> {
  const { group, scope } = placed;
  const { project, host, kind, spike } = group;
  const known = adopt(group, scope, records);
  if (known === undefined && !(await standsAlone(placed, deps))) return undefined;
  const nowMs = deps.now();
  const slo = sloOf(placed, deps.projects[project]?.slo, burns, nowMs);
  const document: SpikeDocument = { ...(await investigate(placed, known?.document, deps)), slo };
  const lasts = spike.endMs === null;
  if (known !== undefined) {
    const isBack = lasts && known.state === 'closed';
    const { life } = known;
    const next: SpikeRecord = {
      ...known,
      state: isBack ? 'open' : known.state,
      startedMs: Math.min(known.startedMs, spike.startMs),
      endedMs: spike.endMs,
      life: { ...life, hasLasted: life.hasLasted || lasts, ...(isBack && { reopened: life.reopened + 1, reopenedMs: nowMs }) },
      document,
    };
    return settled(withSeverity(next, isBack ? undefined : life.severity, deps), group.trend, nowMs);
  }
  if (!areDifferent(document, spike.expected, deps.dispersionOf?.(group) ?? 1)) return undefined;
  const id = spikeId({ project, host, kind, scope }, spike.startMs);
  const span = { startedMs: spike.startMs, endedMs: spike.endMs };
  const record: SpikeRecord = { id, project, host, kind, scope, state: 'open', ...span, version: 0, life: newLife(nowMs, lasts), document };
  const label = placeLabel(publishRecord(record, deps.projects[project]));
  return settled(withSeverity({ ...record, life: { ...record.life, label } }, undefined, deps), group.trend, nowMs);
}

function withSeverity(
  record: SpikeRecord,
  before: SpikeSeverity | undefined,
  { projects, paging = PAGING_DEFAULTS }: WatchDeps,
): SpikeRecord {
  const severity = severityOf(publishRecord(record, projects[record.project]), before, paging);
  return { ...record, life: { ...record.life, severity } };
}

function sloOf({ group }: Placed, slo: Slo | undefined, burns: Burns, nowMs: number): SpikeDocument['slo'] {
  const { project, host, spike } = group;
  const burn = slo && burns.of(project, host, slo, nowMs);
  if (slo === undefined || burn === undefined) return null;
  return { burn, spent: burns.spent(project, host, slo, spike.startMs, spike.endMs ?? nowMs) };
}

function areDifferent({ clientsInPlace }: SpikeDocument, expected: number, dispersion: number): boolean {
  const variance = dispersion * expected + (expected * expected) / EXPECTED_WEIGHT;
  return clientsInPlace >= LEAST_CLIENTS && upperTail(clientsInPlace, expected, variance) < DIFFERENT_P;
}
