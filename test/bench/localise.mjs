/**
 * `node test/bench/localise.mjs [--cases 200] [--seed N] [--small] [--million]`: how often `localise` names the cause, on sparse rates with known causes, and what it costs.
 * Part of `npm run bench:analysis`. Cells are drawn, not summed: most hold no failure at all.
 */
import { randomInt } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { localise } from '@outcry/analyzer';
import { machineLine, printTable } from './machine.mjs';

/** mulberry32: small, seeded, good enough to draw counts. */
function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function poisson(mean, random) {
  if (mean <= 0) return 0;
  if (mean > 50) return Math.max(0, Math.round(mean + Math.sqrt(mean) * gauss(random)));
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count++;
  return count;
}
const gauss = (random) => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
/** An index with a few large and many small ones. */
const zipf = (size, random) => Math.min(size - 1, Math.floor(size ** random()) - 1);

const SIZES = { network: 2000, country: 60, release: 20, runtime: 6, os: 6, route: 12, host: 10 };
export const DIMENSIONS = Object.keys(SIZES);
/** Beside them where the cost of ten is measured. */
const MORE = { protocol: 5, connection: 5, resource: 10 };

/** Where clients are: each cell a combination that occurs, with the requests made there. */
export function population(cells, random, dimensions = DIMENSIONS) {
  const byKey = new Map();
  for (let tries = 0; byKey.size < cells && tries < cells * 20; tries++) {
    const network = zipf(SIZES.network, random);
    const values = {
      network: `n${network}`,
      country: `c${(network * 7919) % SIZES.country}`,
      release: `r${zipf(SIZES.release, random)}`,
      runtime: `b${zipf(SIZES.runtime, random)}`,
      os: `o${zipf(SIZES.os, random)}`,
      route: `p${zipf(SIZES.route, random)}`,
      host: `h${zipf(SIZES.host, random)}`,
    };
    for (const [d, size] of Object.entries(MORE)) if (dimensions.includes(d)) values[d] = `${d[0]}${zipf(size, random)}`;
    const where = Object.fromEntries(dimensions.map((d) => [d, values[d]]));
    const key = dimensions.map((d) => where[d]).join();
    const known = byKey.get(key);
    if (known) known.attempts += 20;
    else byKey.set(key, { where, attempts: 20 + Math.floor(random() * 20) });
  }
  return [...byKey.values()];
}

const inside = (where, cause) => Object.entries(cause).every(([d, v]) => where[d] === v);
/** The usual share of failures, a little different for each cell. */
const usual = (random) => 3e-4 * Math.exp(0.3 * gauss(random));

/** Draws baseline (an hour) and present (ten minutes); `lift(where)` is the share of requests that fail besides. */
export function draw(people, lift, random, { withAttempts = true, level = 1 } = {}) {
  return people.map(({ where, attempts }) => {
    const rate = usual(random);
    const before = attempts * 6;
    const failures = poisson(attempts * level * Math.min(1, rate + lift(where)), random);
    const baselineFailures = poisson(before * rate, random);
    return withAttempts
      ? { where, failures, attempts: Math.round(attempts * level), baselineFailures, baselineAttempts: before }
      : { where, failures, attempts: 0, baselineFailures, baselineAttempts: 0 };
  });
}

/** A cause of 1 to 3 dimensions that holds at least `least` requests and at most a third of all. */
function causeOf(people, random, all) {
  for (;;) {
    const { where } = people[Math.floor(random() * people.length)];
    const depth = 1 + Math.floor(random() * 3);
    const names = [...DIMENSIONS].sort(() => random() - 0.5).slice(0, depth);
    // A network lies in one country: naming both says nothing more.
    if (names.includes('network') && names.includes('country')) continue;
    const cause = Object.fromEntries(names.map((d) => [d, where[d]]));
    const part = people.filter((p) => inside(p.where, cause)).reduce((s, p) => s + p.attempts, 0);
    if (part >= 300 && part <= all / 3) return { cause, part };
  }
}

const same = (a, b) => Object.keys(a).length === Object.keys(b).length && inside(a, b);
/** Whether two places hold the very same cells: then no data tells one from the other. */
const alike = (a, b, people) => same(a, b) || people.every((p) => inside(p.where, a) === inside(p.where, b));

export function accuracy(seed, cases, options) {
  const random = randomOf(seed);
  const tally = { claimed: 0, rightClaims: 0, right: 0, true: 0, exactCases: 0, cases: 0 };
  const claimedIn = { noise: 0, drift: 0, everywhere: 0, hidden: 0 };
  const people = population(20_000, random);
  const all = people.reduce((s, p) => s + p.attempts, 0);
  for (let n = 0; n < cases; n++) {
    const causes = Array.from({ length: random() < 0.25 ? 2 : 1 }, () => {
      const { cause, part } = causeOf(people, random, all);
      // From barely to plainly: 25 to 400 failures more than usual.
      return { cause, lift: Math.min(0.9, (25 * 16 ** random()) / part) };
    });
    const lift = (where) => causes.reduce((s, c) => s + (inside(where, c.cause) ? c.lift : 0), 0);
    const found = localise(draw(people, lift, random, options), { baselineScale: 1 / 6, dimensions: DIMENSIONS });
    const right = causes.filter(({ cause }) => found.causes.some((f) => alike(f.where, cause, people))).length;
    tally.claimed += found.causes.length;
    tally.right += right;
    tally.rightClaims += found.causes.filter((f) => causes.some(({ cause }) => alike(f.where, cause, people))).length;
    tally.true += causes.length;
    tally.cases++;
    if (right === causes.length && found.causes.length === causes.length) tally.exactCases++;
  }
  for (let n = 0; n < cases; n++) {
    const hiddenFrom = new Map();
    const none = {
      noise: draw(people, () => 0, random, options),
      drift: draw(people, () => 0, random, { ...options, level: 1.5 }),
      everywhere: draw(people, () => 3e-4 * 4 * random(), random, options),
      // Every fiftieth cell of no common value.
      hidden: draw(
        people,
        (where) => {
          const key = JSON.stringify(where);
          if (!hiddenFrom.has(key)) hiddenFrom.set(key, random() < 0.02);
          return hiddenFrom.get(key) ? 0.03 : 0;
        },
        random,
        options,
      ),
    };
    for (const [name, cells] of Object.entries(none))
      if (localise(cells, { baselineScale: 1 / 6, dimensions: DIMENSIONS }).causes.length > 0) claimedIn[name]++;
  }
  const precision = tally.rightClaims / Math.max(1, tally.claimed);
  const recall = tally.right / tally.true;
  return { ...tally, precision, recall, f1: (2 * precision * recall) / (precision + recall || 1), claimedIn, noneCases: cases };
}

/** CPU seconds of one call, median of five; of a million cells, whose making takes longer than all else, one. */
export function cost(cells, depth) {
  const random = randomOf(7);
  const dimensions = [...DIMENSIONS, ...Object.keys(MORE)].slice(0, depth);
  const people = population(cells, random, dimensions);
  const { cause } = { cause: { release: 'r3' } };
  const drawn = draw(people, (where) => (inside(where, cause) ? 0.01 : 0), random);
  const times = Array.from({ length: cells >= 1_000_000 ? 1 : 5 }, () => {
    const before = process.cpuUsage();
    localise(drawn, { baselineScale: 1 / 6, dimensions });
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1e6;
  }).sort((a, b) => a - b);
  return { cells: drawn.length, seconds: times[times.length >> 1] };
}

/** How many values each of ten dimensions has. */
const TEN = [2000, 60, 20, 6, 6, 12, 10, 8, 5, 30];

/** CPU seconds and memory of one call on cells of up to ten dimensions, drawn without regard to what occurs. */
function growth(cells, depth) {
  const random = randomOf(7);
  const values = TEN.slice(0, depth).map((size, d) => Array.from({ length: size }, (_, i) => `d${d}v${i}`));
  const drawn = Array.from({ length: cells }, () => {
    const where = Object.fromEntries(values.map((own, d) => [`d${d}`, own[Math.max(0, zipf(own.length, random))]]));
    const failing = where.d2 === 'd2v3' ? 0.05 : 0.006;
    return { where, attempts: 20, baselineAttempts: 120, failures: poisson(failing, random), baselineFailures: poisson(0.036, random) };
  });
  const memory = process.memoryUsage().rss;
  const before = process.cpuUsage();
  const { causes } = localise(drawn, { baselineScale: 1 / 6 });
  const { user, system } = process.cpuUsage(before);
  const right = causes.length === 1 && causes[0].where.d2 === 'd2v3';
  return [((user + system) / 1e6).toFixed(2), Math.round((process.memoryUsage().rss - memory) / 2 ** 20), right ? 'right' : 'wrong'];
}

export function benchLocalise({ seed = randomInt(2 ** 31 - 1), cases = 100, large = true, million = false } = {}) {
  console.log(
    `\nlocalise, sparse rates, 20,000 cells × 7 dimensions, seed ${seed}, ${cases} incidents of 1 or 2 causes of 1 to 3 dimensions`,
  );
  const rows = [
    [
      '',
      'exact-match F1 (goal 0.93)',
      'precision',
      'recall',
      'cases wholly right',
      'claimed without cause: noise / drift / everywhere / hidden (goal ≤ 5 %)',
    ],
  ];
  for (const [name, options] of [
    ['with attempts', { withAttempts: true }],
    ['counts alone', { withAttempts: false }],
  ]) {
    const a = accuracy(seed, cases, options);
    const percent = (n) => `${Math.round((100 * n) / a.noneCases)} %`;
    rows.push([
      name,
      a.f1.toFixed(3),
      a.precision.toFixed(3),
      a.recall.toFixed(3),
      `${a.exactCases}/${a.cases}`,
      Object.values(a.claimedIn).map(percent).join(' / '),
    ]);
  }
  printTable(rows);
  const sizes = [[1_000, 7], [10_000, 7], [100_000, 3], [100_000, 7], [100_000, 10], ...(large ? [[1_000_000, 10]] : [])];
  const costs = [['cells × dimensions', 'CPU s (goal ≤ 0.5 at 100,000 × 7)', 'µs a cell']];
  for (const [cells, depth] of sizes) {
    const { cells: made, seconds } = cost(cells, depth);
    costs.push([`${made} × ${depth}`, seconds.toFixed(3), ((seconds * 1e6) / made).toFixed(2)]);
  }
  printTable(costs);
  const grown = [['cells × dimensions, one call', 'CPU s', 'MiB more', 'cause']];
  for (const [cells, depth] of [[30_000, 5], [30_000, 10], ...(large ? [[300_000, 10]] : []), ...(million ? [[1_000_000, 10]] : [])]) {
    grown.push([`${cells} × ${depth}`, ...growth(cells, depth)]);
  }
  printTable(grown);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      cases: { type: 'string', default: '100' },
      seed: { type: 'string' },
      small: { type: 'boolean' },
      million: { type: 'boolean', default: false },
    },
  });
  console.log(machineLine());
  benchLocalise({
    cases: Number(values.cases),
    large: values.small !== true,
    million: values.million,
    ...(values.seed && { seed: Number(values.seed) }),
  });
}
