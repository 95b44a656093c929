/**
 * `npm run bench:analysis`: the detector, two simple ones and one who knows, over simulated days with known incidents. Bounded: a few seeds of a
 * few days. `-- --seeds 1,2 --days 2 --incidents 32 --drawn 1`; drawn seeds are made at run time and printed, so that nobody tunes to them.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { backtest } from '@outcry/analyzer';
import { simulate } from '../../cli/dist/simulator/simulate.js';
import { machineLine, printTable } from './machine.mjs';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1' },
    drawn: { type: 'string', default: '1' },
    days: { type: 'string', default: '1' },
    incidents: { type: 'string', default: '32' },
    projects: { type: 'string', default: '5' },
    hosts: { type: 'string', default: '10' },
  },
});
const drawn = Array.from({ length: Number(values.drawn) }, () => randomInt(2 ** 31 - 1));
const seeds = [...values.seeds.split(',').filter(Boolean).map(Number), ...drawn];
const size = {
  days: Number(values.days),
  incidents: Number(values.incidents),
  projects: Number(values.projects),
  hosts: Number(values.hosts),
};

console.log(machineLine());
console.log(
  `seeds ${seeds.join(', ')} (drawn now: ${drawn.join(', ') || 'none'}); each ${size.days} simulated days, ${size.projects} × ${size.hosts} hosts, ` +
    '2000 networks of 60 countries, 20 releases; the first three hours are quiet',
);

const share = ({ hits, of, share: value }) => (value === null ? 'none' : `${value.toFixed(2)} (${hits}/${of})`);
const delay = ({ of, median_s: median, p95_s: p95 }) => (median === null ? 'none' : `${median} / ${p95} (${of})`);
const cases = (counts) =>
  Object.entries(counts)
    .map(([name, n]) => `${name} ${n}`)
    .join(', ') || 'none';
const LINES = [
  ['recall', (s) => share(s.recall)],
  ['recall where the oracle has p < 1e-12', (s) => share(s.recall_oracle_1e12)],
  ['recall where the oracle has p < 1e-30', (s) => share(s.recall_oracle_1e30)],
  ['precision', (s) => share(s.precision)],
  ['wrong spikes a week', (s) => s.false_per_week.toFixed(1)],
  ['delay s, median / p95 (of)', (s) => delay(s.delay)],
  ['  >= 20 a minute on <= 12', (s) => delay(s.delay_strong)],
  ['  5-20 a minute on < 1.2', (s) => delay(s.delay_weak)],
  ['  of the oracle, same incidents', (s) => delay(s.oracle_delay)],
  ['spikes per incident and series', (s) => s.pieces?.toFixed(2) ?? 'none'],
  ['place exact', (s) => share(s.place_exact)],
  ['place exact or coarser', (s) => share(s.place_parent)],
  ['place F1', (s) => s.place_f1?.toFixed(2) ?? 'none'],
  ['place claimed where there is none', (s) => share(s.place_claimed_wrongly)],
  ['verdict', (s) => share(s.verdict)],
  ['fakes of a network uncorroborated', (s) => share(s.fakes_uncorroborated)],
];

for (const seed of seeds) {
  const startedMs = performance.now();
  const { scores, rows } = await backtest(await simulate({ seed, ...size }));
  console.log(`\nseed ${seed}: ${rows} rows in ${((performance.now() - startedMs) / 1000).toFixed(0)} s`);
  const detectors = Object.keys(scores);
  printTable([['', ...detectors], ...LINES.map(([name, of]) => [name, ...detectors.map((d) => of(scores[d]))])]);
  console.log(`  wrong spikes of the detector by case: ${cases(scores.detector.false_by_case)}`);
  console.log(`  incidents it missed: ${cases(scores.detector.missed_by_script)}`);
}
