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
import { BREAKABLE } from '../../cli/dist/simulator/world.js';
import { printGoals } from './goals.mjs';
import { benchLocalise } from './localise.mjs';
import { machineLine, printTable } from './machine.mjs';
import { benchRounds } from './rounds.mjs';

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
const number = (value) => value?.toFixed(2) ?? 'none';
/** Whether goals are met by what was measured; undefined where nothing was. */
const least = (bound, value) => (value === null ? undefined : value >= bound);
const most = (bound, value) => (value === null ? undefined : value <= bound);
/** Name, goal, figure, whether the goal is met. */
const LINES = [
  ['recall', '', (s) => share(s.recall)],
  ['recall where the oracle has p < 1e-12', '>= 0.95', (s) => share(s.recall_oracle_1e12), (s) => least(0.95, s.recall_oracle_1e12.share)],
  ['recall where the oracle has p < 1e-30', '>= 0.98', (s) => share(s.recall_oracle_1e30), (s) => least(0.98, s.recall_oracle_1e30.share)],
  ['precision', '', (s) => share(s.precision)],
  ['wrong spikes a week', '<= 1', (s) => s.false_per_week.toFixed(1), (s) => most(1, s.false_per_week)],
  [
    '  in the first 2 h / day / week',
    '<= 2 a week',
    (s) => `${s.false_first_2h} / ${s.false_first_day} / ${s.false_first_week}`,
    (s) => most(2, s.false_first_week),
  ],
  ['  that name a release', '0', (s) => s.false_in_release, (s) => most(0, s.false_in_release)],
  ['delay s, median / p95 (of)', '', (s) => delay(s.delay)],
  [
    '  >= 20 a minute on <= 12',
    '60 / 180',
    (s) => delay(s.delay_strong),
    ({ delay_strong: { median_s: median, p95_s: p95 } }) => (median === null ? undefined : median <= 60 && p95 <= 180),
  ],
  ['    of the oracle, same incidents', '', (s) => delay(s.oracle_delay_strong)],
  ['  5-20 a minute on < 1.2', '150 /', (s) => delay(s.delay_weak), (s) => most(150, s.delay_weak.median_s)],
  [
    '  others within twice the oracle',
    '1.00',
    (s) => share(s.delay_within_twice_oracle),
    (s) => least(1, s.delay_within_twice_oracle.share),
  ],
  ['    and 30 s', '', (s) => share(s.delay_like_oracle)],
  ['  of the oracle, same incidents', '', (s) => delay(s.oracle_delay)],
  ['spikes per incident and series', '<= 1.1', (s) => number(s.pieces), (s) => most(1.1, s.pieces)],
  [
    'place claimed in wrong spikes by chance (noise)',
    '<= 0.05',
    (s) => share(s.place_claimed_noise),
    (s) => most(0.05, s.place_claimed_noise.share),
  ],
  [
    '  in wrong spikes of harmless cases (drift)',
    '<= 0.05',
    (s) => share(s.place_claimed_drift),
    (s) => most(0.05, s.place_claimed_drift.share),
  ],
  ['interval of opted-in clients holds the truth', '>= 0.93', (s) => share(s.interval), (s) => least(0.93, s.interval.share)],
];
/** What is said of a spike: when it is told first, and at the end; of the surest one of each incident, and of all. */
const SAID = [
  ['surest, at the end', (s) => s],
  ['as first told', (s) => s.first_told],
  ['all, at the end', (s) => s.all],
  ['as first told', (s) => s.all_first_told],
];
const WORDS = [
  ['place exact', '', (s) => share(s.place_exact)],
  ['place exact or coarser', '', (s) => share(s.place_parent)],
  ['place F1, where the oracle can place it', '>= 0.93', (s) => number(s.place_f1), (s) => least(0.93, s.place_f1)],
  ['place F1, all', '', (s) => number(s.place_f1_all)],
  [
    'place claimed where it is everywhere',
    '<= 0.05',
    (s) => share(s.place_claimed_everywhere),
    (s) => most(0.05, s.place_claimed_everywhere.share),
  ],
  ['verdict', '>= 0.95', (s) => share(s.verdict), (s) => least(0.95, s.verdict.share)],
  ['fakes of a network uncorroborated', '1.00', (s) => share(s.fakes_uncorroborated), (s) => least(1, s.fakes_uncorroborated.share)],
];
const metWord = (met) => (met === undefined ? '' : met ? 'met' : 'not met');

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

const FRIDAY_S = Date.UTC(2026, 0, 2) / 1000;
const broken = wanted.broken.split(',').filter(Boolean);
const small = { projects: 1 };
// Longest first.
const worlds = seeds.map((seed) => play({ seed }));
const quiet =
  Number(wanted.quiet) > 0 ? play({ seed: seeds.at(-1), from: FRIDAY_S, days: Number(wanted.quiet), incidents: 0 }, '  ') : undefined;
const brokenWorlds = (broken.length > 0 ? ['none', ...broken] : []).map((name) => [
  name,
  play({ seed: seeds.at(-1), ...small, ...(name !== 'none' && { broken: name }) }, `  ${BREAKABLE[name] ?? name}, `),
]);

const missedWords = ({ missed }) =>
  missed
    .map(({ script, clients, hosts, oracle_log10_p: p }) => ` ${script} (${clients} clients at ${hosts} hosts, p = 1e${p.toFixed(1)})`)
    .join(',') || ' none';

const harmlessCases = new Map();
for (const world of worlds) {
  console.log('');
  const { scores } = await world();
  const detectors = Object.keys(scores);
  const { detector } = scores;
  printTable([
    ['', 'goal', 'detector', '', ...detectors.slice(1)],
    ...LINES.map(([name, goal, of, met]) => [
      name,
      goal,
      of(detector),
      metWord(met?.(detector)),
      ...detectors.slice(1).map((d) => of(scores[d])),
    ]),
  ]);
  console.log(`  wrong spikes of the detector by case: ${cases(detector.false_by_case)}`);
  console.log(
    `  incidents it missed: ${cases(detector.missed_by_script)}; of those that the oracle has at p < 1e-12:${missedWords(detector)}`,
  );
  console.log('  what the detector says of a spike, of the surest one of each incident told and of all');
  printTable([
    ['', 'goal', ...SAID.flatMap(([name]) => [name, ''])],
    ...WORDS.map(([name, goal, of, met]) => [
      name,
      goal,
      ...SAID.flatMap(([, said]) => [of(said(detector)), metWord(met?.(said(detector)))]),
    ]),
  ]);
  withHarmless(harmlessCases, detector);
}
console.log('\nharmless cases without any spike, of those played above (goal: all)');
printTable([
  ['case', 'without spike', ''],
  ...[...harmlessCases].sort().map(([script, { hits, of }]) => [script, `${hits}/${of}`, metWord(hits === of)]),
]);

if (quiet !== undefined) {
  console.log(`\na cold start: ${wanted.quiet} days from a Friday without incidents, ${size.projects} × ${size.hosts} hosts`);
  const { spikes } = await quiet();
  const within = (hours) => spikes.filter((s) => Date.parse(s.started_at) / 1000 < FRIDAY_S + hours * 3_600).length;
  printTable([
    ['first 2 h', 'first day', 'weekend', 'all', 'that name a release'],
    [within(2), within(24), within(72), spikes.length, spikes.filter((s) => s.places.some((p) => p.release !== undefined)).length],
  ]);
  printGoals([{ what: 'wrong spikes in the first week', most: 2, figure: within(7 * 24) }]);
}

if (broken.length > 0) {
  console.log(`\nwith an assumption of the simulator broken, one at a time, ${small.projects} × ${size.hosts} hosts`);
  const columns = [];
  for (const [name, world] of brokenWorlds) columns.push([name, (await world()).scores.detector]);
  printTable([
    ['', 'goal', ...columns.map(([name]) => name)],
    ...[...LINES, ...WORDS].map(([name, goal, of]) => [name, goal, ...columns.map(([, s]) => of(s))]),
  ]);
  for (const [name, s] of columns) console.log(`  ${name}: wrong spikes ${cases(s.false_by_case)}; missed ${cases(s.missed_by_script)}`);
}

benchRounds();
benchLocalise({ cases: Number(wanted.cases), million: values.full });
