/** What stands beside a spike without what three address prefixes can make up: other places, lost connections, probers. Source: ADR 0009. */
import { areOffline } from '../pair/read-offline.js';
import type { Offline, SignedProbers } from '../pair/verdict.js';
import type { ClientsByKindRow } from '../queries/clients-by-kind.js';
import { ask, seconds } from '../queries/ask.js';
import { crowdCells } from '../queries/crowd-cells.js';
import type { CrowdCellRow } from '../queries/crowd-cells.js';
import type { ProbersRow } from '../queries/probers-of-host.js';
import { failingNetworks } from './evidence-cells.js';
import { isIn, isThere } from './in-place.js';
import type { Placed } from './placed.js';
import type { WatchDeps } from './settings.js';
import type { Where } from './shares.js';
import { countedLeft, firstLeft, standing } from './standing.js';

/** Where a spike lies as far as it is believed, and in how many networks. */
export interface Believed {
  /** The one place; empty where it is several or everywhere. */
  readonly where: Where;
  readonly networks: number;
}

const ANYWHERE: { readonly where: Where } = { where: {} };

/**
 * A second place or network beside the one that holds the most is believed only where all of these together stand by themselves: whoever has
 * addresses all over a network may have three prefixes elsewhere as well.
 */
export async function believedPlace(placed: Placed, deps: WatchDeps): Promise<Believed> {
  const { group, rows, localisation, stretch } = placed;
  const dispersion = deps.dispersionOf?.(group) ?? 1;
  const networks = failingNetworks(rows, stretch.baselines, dispersion);
  const [first = ANYWHERE, ...more] = [...localisation.causes].sort((a, b) => b.explained - a.explained);
  const own = first.where['network'] ?? networks[0];
  const others = networks.filter((network) => network !== own);
  if (others.length + more.length === 0) return { where: first.where, networks: networks.length };
  const isOther = (row: CrowdCellRow): boolean =>
    others.includes(row.network) || (more.some(({ where }) => isIn(row, where)) && !isIn(row, first.where));
  const crowd = await crowdOf(placed, group.kind, deps);
  const usual = { expected: 0, scale: 1 / stretch.baselines, seconds: sinceStart(placed, deps), dispersion };
  if (!standing(crowd.filter(isOther), usual).stands) return { where: first.where, networks: 1 };
  return { where: more.length === 0 ? first.where : {}, networks: Math.max(2, networks.length) };
}

/**
 * Clients there that lost their own connection, without those of one crowded prefix, beside those that fail counted alike. Only where they would explain
 * the spike it is asked how many are left without three prefixes.
 *
 * @param row - Of kind `offline` in the places of the spike.
 */
export async function offlineBeside(placed: Placed, row: ClientsByKindRow, deps: WatchDeps): Promise<Offline> {
  const { localisation, stretch } = placed;
  const failing = placed.rows.filter((r) => isThere(localisation, r)).reduce((sum, r) => sum + r.now, 0);
  const baseline = row.countedBefore / stretch.baselines;
  const offline = { now: row.counted, baseline, stretches: stretch.baselines, failing };
  if (!areOffline(offline, failing)) return offline;
  const there = (await crowdOf(placed, 'offline', deps)).filter((r) => isThere(localisation, r));
  return { ...offline, now: Math.min(row.counted, countedLeft(there, sinceStart(placed, deps))) };
}

/** @param fromS - Since when rows are counted, s. */
export function signedProbers(row: ProbersRow | undefined, fromS: number, deps: Pick<WatchDeps, 'now'>): SignedProbers | undefined {
  if (row === undefined) return undefined;
  const { now, failing, before, failing_before, firsts, unranked } = row;
  const seen = firsts.map((collector) => ({ collector, first: 1, unranked: 0 }));
  const beyondForged = firstLeft([...seen, { collector: '', first: 0, unranked }], seconds(deps.now()) - fromS);
  return { now, failing, baseline: before, baselineFailing: failing_before, beyondForged };
}

const sinceStart = ({ stretch }: Placed, deps: WatchDeps): number => seconds(deps.now()) - stretch.from;

const crowdOf = ({ group, stretch }: Placed, kind: string, deps: WatchDeps): Promise<CrowdCellRow[]> =>
  ask(deps.client, crowdCells, { project: group.project, host: group.host, kind, ...stretch });
