/** From findings to versions of spikes: each finding is placed, adopted or opened, and judged. */
import { isToldBy } from './find.js';
import type { Finding } from './find.js';
import { investigate, place } from './investigate.js';
import type { Placed } from './investigate.js';
import { adopt, finished, spikeId } from './lifecycle.js';
import type { WatchDeps } from './settings.js';
import type { SpikeRecord } from './spike-record.js';

/** Failing clients below which a finding is not stored. */
const LEAST_CLIENTS = 3;
/** Findings examined in one round, the surest first; the others wait for the next. */
const MAX_EXAMINED = 20;

/**
 * @param whole - Findings of whole hosts. @param inNetworks - Findings inside one network; those that a finding of the whole host tells
 * already are dropped. @param stored - The spikes as they were.
 * @returns The spikes that are found now, in their new versions.
 */
export async function examine(
  whole: readonly Finding[],
  inNetworks: readonly Finding[],
  stored: readonly SpikeRecord[],
  deps: WatchDeps,
): Promise<SpikeRecord[]> {
  const records = new Map(stored.map((r) => [r.id, r]));
  const changed = new Map<string, SpikeRecord>();
  const take = async (placed: Placed): Promise<void> => {
    const record = await versionOf(placed, [...records.values()], deps);
    if (record === undefined) return;
    records.set(record.id, record);
    changed.set(record.id, record);
  };
  const told: { readonly finding: Finding; readonly places: readonly Readonly<Record<string, string>>[] }[] = [];
  for (const finding of surest(whole)) {
    const done = finished(finding, stored);
    const placed = done === undefined ? await place(finding, deps) : undefined;
    told.push({ finding, places: placed?.localisation.causes.map((c) => c.where) ?? done?.document.places.map((p) => p.where) ?? [] });
    if (placed !== undefined) await take(placed);
  }
  for (const finding of surest(inNetworks)) {
    if (finished(finding, stored) !== undefined || told.some((t) => isToldBy(finding, t.finding, t.places))) continue;
    await take(await place(finding, deps));
  }
  return [...changed.values()];
}

const surest = (findings: readonly Finding[]): Finding[] =>
  [...findings].sort((a, b) => a.spike.pValue - b.spike.pValue).slice(0, MAX_EXAMINED);

async function versionOf(placed: Placed, records: readonly SpikeRecord[], deps: WatchDeps): Promise<SpikeRecord | undefined> {
  const { finding, scope } = placed;
  const { project, host, kind, spike } = finding;
  const known = adopt(finding, scope, records);
  const document = await investigate(placed, known?.document, deps);
  if (known !== undefined) return { ...known, startedMs: Math.min(known.startedMs, spike.startMs), endedMs: spike.endMs, document };
  if (document.failingClients < LEAST_CLIENTS) return undefined;
  const id = spikeId({ project, host, kind, scope }, spike.startMs);
  return { id, project, host, kind, scope, startedMs: spike.startMs, endedMs: spike.endMs, document };
}
