/** What a round of detection costs by how many series it looks at, and whether later bins change what was said of earlier ones. */
import { detect, expect } from '@outcry/analyzer';
import { optionsOf } from '../../analyzer/dist/watch/budget.js';
import { WATCHED_KINDS } from '../../analyzer/dist/watch/build-series.js';
import { completenessOf } from '../../analyzer/dist/watch/completeness.js';
import { FORGET_MS, PLACE_BIN_MS, search, WHOLE_BIN_MS } from '../../analyzer/dist/watch/round.js';
import { Shares } from '../../analyzer/dist/watch/shares.js';
import { logUniform, poisson, stream } from '../../cli/dist/simulator/random.js';
import { printGoals } from './goals.mjs';
import { printTable } from './machine.mjs';

const HOUR_MS = 3_600_000;
const NOW_MS = Date.UTC(2026, 0, 19, 15);
const SIZES = [1_000, 3_000, 10_000];
const MOST_CPU_S = 2;
/** Places of each host and kind: three in a hundred series are of whole hosts. */
const PLACES_EACH = 32;
/** What of them is of a network, a country, a release, the largest ones; and how many of each there are. */
const DIMENSIONS = [
  ['network', 24, 2_000],
  ['country', 6, 60],
  ['release', 2, 20],
];

/** Counts without a library: 4 h of 10 s bins, most of them empty. */
const bareSeries = (i) => ({
  startMs: 0,
  binMs: WHOLE_BIN_MS,
  failures: Array.from({ length: 1_440 }, (_, bin) => ((bin * 2_654_435_761 + i * 40_503) % 4_294_967_296 < 4_294_967_296 * 0.02 ? 1 : 0)),
});

/** Load of an hour of a day, 1 on average. */
const dayAt = (ms) => 1 + 0.5 * Math.cos((2 * Math.PI * (ms / HOUR_MS - 20)) / 24);
const completeness = completenessOf(undefined);

/** Four hours until now as the loop hands them in. @param rate - Failures a second at load 1. @param factorAt - Raises it by bin. */
function realSeries(random, binMs, rate, perSecond, factorAt = () => 1) {
  const count = (4 * HOUR_MS) / binMs;
  const startMs = NOW_MS - 4 * HOUR_MS;
  const at = (bin) => startMs + bin * binMs;
  return {
    startMs,
    binMs,
    failures: Array.from({ length: count }, (_, bin) => poisson(random, (rate * dayAt(at(bin)) * factorAt(bin) * binMs) / 1000)),
    completeness: Array.from({ length: count }, (_, bin) => completeness(NOW_MS - at(bin + 1))),
    exposure: Array.from({ length: count }, (_, bin) => perSecond * dayAt(at(bin))),
  };
}

/** Two weeks by the hour. */
function historyOf(random, rate, perSecond) {
  const startMs = NOW_MS - 14 * 24 * HOUR_MS;
  const hours = Array.from({ length: 14 * 24 }, (_, i) => dayAt(startMs + i * HOUR_MS));
  return {
    startMs,
    binMs: HOUR_MS,
    failures: hours.map((load) => poisson(random, rate * load * 3_600)),
    exposure: hours.map((load) => perSecond * load),
  };
}

/** Series of a round, and what its search is told. */
function roundOf(count) {
  const random = stream(count, 'round');
  const wholes = [];
  const places = [];
  const shares = new Shares();
  const hosts = Math.max(1, Math.round(count / (1 + PLACES_EACH) / WATCHED_KINDS.length));
  for (const [dimension, , values] of DIMENSIONS)
    for (let i = 0; i < values; i++)
      shares.add({ project: 'shop', dimension, value: `${dimension} ${i}`, clients: 1 + 1_000 / (i + 1) }, 1);
  for (let h = 0; h < hosts; h++) {
    const perSecond = logUniform(random, 50, 5_000);
    for (const kind of WATCHED_KINDS) {
      const of = { project: 'shop', host: `api${h}`, kind };
      const rate = perSecond * 4e-5;
      const series = { ...realSeries(random, WHOLE_BIN_MS, rate, perSecond), history: historyOf(random, rate, perSecond) };
      wholes.push({ ...of, where: {}, series });
      for (const [dimension, own] of DIMENSIONS)
        for (let i = 0; i < own; i++) {
          const where = { [dimension]: `${dimension} ${i}` };
          places.push({ ...of, where, series: realSeries(random, PLACE_BIN_MS, rate * shares.shareOf('shop', where), perSecond) });
        }
    }
  }
  const budget = { falseAlarmsPerWeek: 1, wholeSeries: wholes.length };
  return { wholes, places, shares, optionsFor: ({ project }, where) => optionsOf(budget, project, where, shares, 1) };
}

function cpuOf(work) {
  const before = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(before);
  return { result, cpuS: (user + system) / 1e6 };
}

/** Bins of which something else is said, and spikes that are others, once there are later bins; how many spikes were compared. */
function changes() {
  let bins = 0;
  let spikes = 0;
  let compared = 0;
  for (let i = 0; i < 100; i++) {
    const random = stream(i, 'later');
    const factorAt = (bin) => (bin % 360 < 200 || i % 4 === 0 ? 1 : 1 + (i % 7) * 4);
    const [perSecond, rate] = [200, 0.002 * (1 + (i % 5))];
    const real = { ...realSeries(random, WHOLE_BIN_MS, rate, perSecond, factorAt), history: historyOf(random, rate, perSecond) };
    const whole = i % 2 === 0 ? bareSeries(i) : real;
    const cut = 400 + i * 10;
    const upTo = (values) => values?.slice(0, cut);
    const part = { ...whole, failures: upTo(whole.failures), completeness: upTo(whole.completeness), exposure: upTo(whole.exposure) };
    const before = expect(part);
    bins += expect(whole)
      .slice(0, cut)
      .filter((e, at) => JSON.stringify(e) !== JSON.stringify(before[at])).length;
    const options = { minFailing: 1 };
    const told = detect(part, options);
    const cutMs = whole.startMs + cut * whole.binMs;
    const later = detect(whole, options).filter((s) => s.foundMs <= cutMs);
    // What a spike sums up goes on until its end.
    const saidOf = (s, ended) => JSON.stringify(ended ? s : [s.startMs, s.foundMs, s.pValue]);
    compared += told.length;
    spikes += Math.abs(told.length - later.length);
    spikes += told.filter((s, n) => later[n] !== undefined && saidOf(s, s.endMs !== null) !== saidOf(later[n], s.endMs !== null)).length;
  }
  return { bins, spikes, compared };
}

/** Prints both, with their goals. */
export function benchRounds() {
  console.log(
    '\na round of detection: bare counts, and series as the loop hands them in, with all that it does before storage is asked again',
  );
  const table = [['series', 'CPU s, detect alone', 'spikes', 'series, as in the loop', 'of whole hosts', 'CPU s, search', 'findings']];
  const last = {};
  for (const count of SIZES) {
    const bare = Array.from({ length: count }, (_, i) => bareSeries(i));
    const alone = cpuOf(() => bare.reduce((sum, s) => sum + detect(s, { seriesTested: count, minFailing: 1 }).length, 0));
    const { wholes, places, shares, optionsFor } = roundOf(count);
    const whole = cpuOf(() => search(wholes, places, optionsFor, shares, NOW_MS - FORGET_MS).length);
    const tested = wholes.length + places.length;
    Object.assign(last, { alone: alone.cpuS, whole: (whole.cpuS * count) / tested });
    table.push([count, alone.cpuS.toFixed(2), alone.result, tested, wholes.length, whole.cpuS.toFixed(2), whole.result]);
  }
  printTable(table);
  const { bins, spikes, compared } = changes();
  printGoals([
    { what: 'CPU-seconds of a search over 10,000 series, as in the loop', most: MOST_CPU_S, figure: last.whole, digits: 2 },
    { what: 'CPU-seconds of detect alone over 10,000 series, all of 10 s bins', most: MOST_CPU_S, figure: last.alone, digits: 2 },
    { what: 'bins of which later bins change what was expected', most: 0, figure: bins },
    { what: `spikes that later bins change, ends apart, of ${compared}`, most: 0, figure: spikes },
  ]);
}
