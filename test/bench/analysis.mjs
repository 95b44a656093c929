/**
 * `npm run bench:analysis`: the detector, two simple ones and one who knows, over simulated days with known incidents, beside the goals.
 * By default a few minutes: a small world, one fixed and one drawn seed, a quiet week from a Friday, and each broken assumption in a smaller world. Drawn
 * seeds are made at run time and printed, so that nobody tunes to them.
 * `-- --full`: 8 weeks of 5 × 10 hosts with 200 incidents, one fixed and five drawn seeds, and every broken assumption in a world of 1 × 10 hosts; it takes
 * hours. Worlds are played side by side, as many as there are cores (`--jobs`).
 */
import { fork } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { detect, expect } from '@outcry/analyzer';
import { BREAKABLE } from '../../cli/dist/simulator/world.js';
import { benchLocalise } from './localise.mjs';
import { machineLine, printTable } from './machine.mjs';

const { values } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    seeds: { type: 'string' },
    drawn: { type: 'string' },
    days: { type: 'string' },
    incidents: { type: 'string' },
    projects: { type: 'string' },
    hosts: { type: 'string' },
    broken: { type: 'string' },
    quiet: { type: 'string' },
    cases: { type: 'string' },
    jobs: { type: 'string', default: String(availableParallelism()) },
  },
});
const preset = values.full
  ? { drawn: '5', days: '56', incidents: '200', projects: '5', hosts: '10' }
  : { drawn: '1', days: '1', incidents: '24', projects: '2', hosts: '5' };
const wanted = {
  seeds: '1',
  broken: Object.keys(BREAKABLE).join(','),
  quiet: '7',
  cases: '50',
  ...preset,
  ...Object.fromEntries(Object.entries(values).filter(([, v]) => typeof v === 'string')),
};
const drawn = Array.from({ length: Number(wanted.drawn) }, () => randomInt(2 ** 31 - 1));
const seeds = [...wanted.seeds.split(',').filter(Boolean).map(Number), ...drawn];
const size = {
  days: Number(wanted.days),
  incidents: Number(wanted.incidents),
  projects: Number(wanted.projects),
  hosts: Number(wanted.hosts),
};

console.log(machineLine());
console.log(
  `seeds ${seeds.join(', ')} (drawn now: ${drawn.join(', ') || 'none'}); each ${size.days} simulated days, ${size.projects} × ${size.hosts} hosts, ` +
    `${size.incidents} incidents, 2000 networks of 60 countries, 20 releases; the first three hours are quiet`,
);

const share = ({ hits, of, share: value }) => (value === null ? 'none' : `${value.toFixed(2)} (${hits}/${of})`);
const delay = ({ of, median_s: median, p95_s: p95 }) => (median === null ? 'none' : `${median} / ${p95} (${of})`);
const cases = (counts) =>
  Object.entries(counts)
    .map(([name, n]) => `${name} ${n}`)
    .join(', ') || 'none';
/** Name, goal, figure. */
const LINES = [
  ['recall', '', (s) => share(s.recall)],
  ['recall where the oracle has p < 1e-12', '>= 0.95', (s) => share(s.recall_oracle_1e12)],
  ['recall where the oracle has p < 1e-30', '>= 0.98', (s) => share(s.recall_oracle_1e30)],
  ['precision', '', (s) => share(s.precision)],
  ['wrong spikes a week', '<= 1', (s) => s.false_per_week.toFixed(1)],
  ['  in the first 2 h / day / week', '<= 2 a week', (s) => `${s.false_first_2h} / ${s.false_first_day} / ${s.false_first_week}`],
  ['  that name a release', '0', (s) => s.false_in_release],
  ['delay s, median / p95 (of)', '', (s) => delay(s.delay)],
  ['  >= 20 a minute on <= 12', '60 / 180', (s) => delay(s.delay_strong)],
  ['    of the oracle, same incidents', '', (s) => delay(s.oracle_delay_strong)],
  ['  5-20 a minute on < 1.2', '150 /', (s) => delay(s.delay_weak)],
  ['  others within twice the oracle + 30 s', '1.00', (s) => share(s.delay_like_oracle)],
  ['  of the oracle, same incidents', '', (s) => delay(s.oracle_delay)],
  ['spikes per incident and series', '<= 1.1', (s) => s.pieces?.toFixed(2) ?? 'none'],
  ['place exact', '', (s) => share(s.place_exact)],
  ['place exact or coarser', '', (s) => share(s.place_parent)],
  ['place F1, where the oracle can place it', '>= 0.93', (s) => s.place_f1?.toFixed(2) ?? 'none'],
  ['place F1, all', '', (s) => s.place_f1_all?.toFixed(2) ?? 'none'],
  ['place claimed where it is everywhere', '<= 0.05', (s) => share(s.place_claimed_everywhere)],
  ['  in wrong spikes by chance (noise)', '<= 0.05', (s) => share(s.place_claimed_noise)],
  ['  in wrong spikes of harmless cases (drift)', '<= 0.05', (s) => share(s.place_claimed_drift)],
  ['interval of opted-in clients holds the truth', '>= 0.93', (s) => share(s.interval)],
  ['verdict', '>= 0.95', (s) => share(s.verdict)],
  ['fakes of a network uncorroborated', '1.00', (s) => share(s.fakes_uncorroborated)],
];

const PLAYER = new URL('./play-process.mjs', import.meta.url);
/** Worlds that may still begin at once, and those that wait for one to end. */
let free = Math.max(1, Number(wanted.jobs));
const waiting = [];

/** Begins a world as soon as there is room for it. @returns What to await for its result, which says what it was then. */
function play(options, words = '') {
  const played = new Promise((resolve, reject) => {
    const begin = () => {
      const child = fork(PLAYER, [JSON.stringify({ ...size, ...options })]);
      child.once('message', resolve);
      child.once('error', reject);
      child.once('exit', (code) => {
        if (code !== 0) reject(new Error(`a world ended with ${code}`));
        free++;
        next();
      });
    };
    waiting.push(begin);
  });
  next();
  // What nobody has awaited yet is told where it is awaited.
  played.catch(() => undefined);
  return async () => {
    const { rows, cpuS, ...result } = await played;
    console.log(`${words}seed ${options.seed}: ${rows} rows in ${cpuS.toFixed(0)} CPU-seconds`);
    return result;
  };
}
function next() {
  if (free === 0 || waiting.length === 0) return;
  free--;
  waiting.shift()();
}

/** Harmless cases of several plays, added up. */
function withHarmless(sums, { harmless }) {
  for (const [script, { hits, of }] of Object.entries(harmless)) {
    const sum = sums.get(script) ?? { hits: 0, of: 0 };
    sums.set(script, { hits: sum.hits + hits, of: sum.of + of });
  }
  return sums;
}

const QUIET_PROJECTS = 1;
const FRIDAY_S = Date.UTC(2026, 0, 2) / 1000;
const broken = wanted.broken.split(',').filter(Boolean);
const small = { projects: 1 };
// Longest first.
const worlds = seeds.map((seed) => play({ seed }));
const quiet =
  Number(wanted.quiet) > 0
    ? play({ seed: seeds.at(-1), from: FRIDAY_S, days: Number(wanted.quiet), projects: QUIET_PROJECTS, incidents: 0 }, '  ')
    : undefined;
const brokenWorlds = (broken.length > 0 ? ['none', ...broken] : []).map((name) => [
  name,
  play({ seed: seeds.at(-1), ...small, ...(name !== 'none' && { broken: name }) }, `  ${BREAKABLE[name] ?? name}, `),
]);

const harmlessCases = new Map();
for (const world of worlds) {
  console.log('');
  const { scores } = await world();
  const detectors = Object.keys(scores);
  printTable([['', 'goal', ...detectors], ...LINES.map(([name, goal, of]) => [name, goal, ...detectors.map((d) => of(scores[d]))])]);
  console.log(`  wrong spikes of the detector by case: ${cases(scores.detector.false_by_case)}`);
  console.log(`  incidents it missed: ${cases(scores.detector.missed_by_script)}`);
  withHarmless(harmlessCases, scores.detector);
}
console.log('\nharmless cases without any spike, of those played above (goal: all)');
printTable([['case', 'without spike'], ...[...harmlessCases].sort().map(([script, { hits, of }]) => [script, `${hits}/${of}`])]);

if (quiet !== undefined) {
  console.log(
    `\na cold start: ${wanted.quiet} days from a Friday without incidents, ${QUIET_PROJECTS} × ${size.hosts} hosts (goal: at most 2 spikes a week)`,
  );
  const { spikes } = await quiet();
  const within = (hours) => spikes.filter((s) => Date.parse(s.started_at) / 1000 < FRIDAY_S + hours * 3_600).length;
  printTable([
    ['first 2 h', 'first day', 'weekend', 'all', 'that name a release'],
    [within(2), within(24), within(72), spikes.length, spikes.filter((s) => s.places.some((p) => p.release !== undefined)).length],
  ]);
}

if (broken.length > 0) {
  console.log(`\nwith an assumption of the simulator broken, one at a time, ${small.projects} × ${size.hosts} hosts`);
  const columns = [];
  for (const [name, world] of brokenWorlds) columns.push([name, (await world()).scores.detector]);
  printTable([
    ['', 'goal', ...columns.map(([name]) => name)],
    ...LINES.map(([name, goal, of]) => [name, goal, ...columns.map(([, s]) => of(s))]),
  ]);
  for (const [name, s] of columns) console.log(`  ${name}: wrong spikes ${cases(s.false_by_case)}; missed ${cases(s.missed_by_script)}`);
}

/** Counts without a library: 4 h of 10 s bins, most of them empty, as the series of a round are. */
const someSeries = (i) => ({
  startMs: 0,
  binMs: 10_000,
  failures: Array.from({ length: 1_440 }, (_, bin) => ((bin * 2_654_435_761 + i * 40_503) % 4_294_967_296 < 4_294_967_296 * 0.02 ? 1 : 0)),
});
console.log(
  '\na round of detection (goal: 10,000 series in 2 CPU-seconds), and whether later bins change what was said of earlier ones (goal: never)',
);
const growth = [['series', 'CPU s', 'spikes']];
for (const count of [1_000, 3_000, 10_000]) {
  const series = Array.from({ length: count }, (_, i) => someSeries(i));
  const before = process.cpuUsage();
  const found = series.reduce((sum, s) => sum + detect(s, { seriesTested: count, minFailing: 1 }).length, 0);
  growth.push([count, ((process.cpuUsage(before).user + process.cpuUsage(before).system) / 1e6).toFixed(2), found]);
}
printTable(growth);
let changed = 0;
for (let i = 0; i < 50; i++) {
  const whole = someSeries(i);
  const cut = 700 + i * 10;
  const part = expect({ ...whole, failures: whole.failures.slice(0, cut) });
  changed += expect(whole)
    .slice(0, cut)
    .filter((e, at) => JSON.stringify(e) !== JSON.stringify(part[at])).length;
}
console.log(`  bins whose expectation changed: ${changed}`);

benchLocalise({ cases: Number(wanted.cases), million: values.full });
