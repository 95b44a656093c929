/** A world of sixty networks, and incidents made by hand, for tests of the simulator. */
import type { FailuresRow, HistoryRow, IncidentRow } from '../../../analyzer/src/backtest/rows.js';
import { generate } from '../../../cli/src/simulator/generate.js';
import type { Incident } from '../../../cli/src/simulator/incident.js';
import { schedule } from '../../../cli/src/simulator/schedule.js';
import { SCRIPT_NAMES } from '../../../cli/src/simulator/scripts.js';
import { World } from '../../../cli/src/simulator/world.js';
import type { Broken } from '../../../cli/src/simulator/world.js';

export const FROM = Date.UTC(2026, 0, 5) / 1000;
export const NETWORKS = Array.from({ length: 60 }, (_, i) => {
  const country = ['DE', 'US', 'JP', 'BR', 'IN'][i % 5] ?? 'DE';
  return {
    label: `AS${i + 1}/${country}`,
    country,
    weight: 100 / (i + 1),
    range: { start: i << 16, end: (i << 16) + 65_535 },
    prefixes: 500,
  };
});
export const world = (seed = 1, hours = 6, broken?: Broken): World =>
  new World({
    seed,
    from: FROM,
    to: FROM + hours * 3600,
    projects: 2,
    hosts: 2,
    releases: 5,
    networks: NETWORKS,
    ...(broken !== undefined && { broken }),
  });
export const failures = (rows: HistoryRow[]): FailuresRow[] => rows.filter((r): r is FailuresRow => r.row === 'failures');
export const incidentsOf = (rows: HistoryRow[]): IncidentRow[] => rows.filter((r): r is IncidentRow => r.row === 'incident');
export const play = (seed: number, incidents = SCRIPT_NAMES.length): HistoryRow[] => {
  const made = world(seed);
  return [...generate(made, schedule(made, incidents))];
};
export const handMade = (parts: Partial<Incident>): Incident => ({
  id: 'i1',
  script: 'by-hand',
  project: 'shop',
  hosts: ['api1.shop.example'],
  failures: [{ kind: 'dns', type: 'dns.name_not_resolved', share: 1 }],
  places: [],
  start: FROM + 3 * 3600,
  end: FROM + 4 * 3600,
  harmless: false,
  fake: false,
  verdict: 'outside',
  ...parts,
});
