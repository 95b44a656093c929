/** Asks storage what `standing` has to know of a group of findings. */
import { ask, seconds } from '../queries/ask.js';
import { crowdCells } from '../queries/crowd-cells.js';
import type { CrowdCellRow } from '../queries/crowd-cells.js';
import { isIn, isThere } from './in-place.js';
import type { Placed } from './placed.js';
import type { WatchDeps } from './settings.js';
import { standing } from './standing.js';

/**
 * Whether a group that no spike tells yet would be there without three address prefixes: in what it was found in or in its places; or, where
 * something of it is left, together with the other hosts of the project, since who cannot reach one often reaches none.
 */
export async function standsAlone({ group, localisation, expectedWhole, share, stretch }: Placed, deps: WatchDeps): Promise<boolean> {
  const { project, host, kind, spike, parts } = group;
  const scale = 1 / stretch.baselines;
  const since = seconds(deps.now()) - stretch.from;
  const dispersion = deps.dispersionOf?.(group) ?? 1;
  const foundIn = parts[0]?.where ?? {};
  const views = [
    { holds: (row: CrowdCellRow): boolean => isIn(row, foundIn), expected: spike.expected },
    { holds: (row: CrowdCellRow): boolean => isThere(localisation, row), expected: expectedWhole * share },
  ];
  const here = await ask(deps.client, crowdCells, { project, host, kind, ...stretch });
  const own = views.map(({ holds, expected }) => standing(here.filter(holds), { expected, scale, seconds: since, dispersion }));
  if (own.some(({ stands }) => stands)) return true;
  if (own.every(({ left }) => left < 1)) return false;
  const hosts = deps.projects[project]?.hosts.length ?? 1;
  const all = await ask(deps.client, crowdCells, { project, host: '', kind, ...stretch });
  return views.some(
    ({ holds, expected }) => standing(all.filter(holds), { expected: expected * hosts, scale, seconds: since, dispersion }, false).stands,
  );
}
