/** A bounded regression of `npm run bench:analysis`: one small world, in seconds. */
import { describe, expect, it } from 'vitest';
import { backtest } from '../../../analyzer/src/backtest/backtest.js';
import { generate } from '../../../cli/src/simulator/generate.js';
import { schedule } from '../../../cli/src/simulator/schedule.js';
import { World } from '../../../cli/src/simulator/world.js';

const FROM = Date.UTC(2026, 0, 5) / 1000;
const NETWORKS = Array.from({ length: 200 }, (_, i) => {
  const country = ['DE', 'US', 'JP', 'BR', 'IN', 'FR', 'GB', 'NG'][i % 8] ?? 'DE';
  return {
    label: `AS${String(i + 1)}/${country}`,
    country,
    weight: 100 / (i + 5),
    range: { start: i << 16, end: (i << 16) + 65_535 },
    prefixes: 500,
  };
});
/** Two hosts for so many hours with one incident of each script. */
async function figures(seed: number, hours: number, scripts: string[]) {
  const world = new World({ seed, from: FROM, to: FROM + hours * 3600, projects: 1, hosts: 2, releases: 8, networks: NETWORKS });
  const { scores, spikes } = await backtest(generate(world, schedule(world, scripts.length, scripts)));
  return { score: scores?.detector, spikes };
}

describe('the detector on a simulated world', () => {
  it('finds outages inside and outside, each as one spike, and nothing else', async () => {
    const { score } = await figures(5, 12, ['server-5xx', 'resolver-outage', 'expired-certificate']);
    expect(score).toMatchObject({ recall_oracle_1e12: { share: 1 }, false_spikes: 0, pieces: 1 });
  }, 60_000);

  it('tells made-up failures of one network as uncorroborated, though requests are made up too', async () => {
    const { score, spikes } = await figures(7, 8, ['fakes-one-network']);
    expect(spikes.length).toBeGreaterThan(0);
    expect(score).toMatchObject({ false_spikes: 0, fakes_uncorroborated: { share: 1 } });
  }, 60_000);

  it('takes crowds, holidays, changes of sampling and new names for no outage', async () => {
    const { spikes } = await figures(6, 14, ['flash-crowd', 'holiday', 'sampling-changed', 'sdk-renames-kinds', 'deploy-new-level']);
    expect(spikes.map((s) => `${s.host} ${s.kind} ${s.started_at}`)).toEqual([]);
  }, 60_000);
});
