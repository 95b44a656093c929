/** From rows of storage to what `localise` and `pair` read. Pure. */
import { upperTail } from '../detect/tails.js';
import { usualOf } from '../detect/usual.js';
import type { Cell } from '../localise/cell.js';
import type { FailureCellRow } from '../queries/failure-cells.js';
import type { KnownPlaceRow } from '../queries/known-places.js';

/** Networks count as failing when so many failing clients are this improbable in any of those that were seen, and at least two. */
const FAILING_P = 1e-3;

/** Places without failures that are handed in by name; the others are summed up by country and release. */
const MOST_SILENT = 500;

/** How many of the smallest places must have been heard of lately to outweigh the day. */
const RECENT_PRIOR = 20;

/**
 * Cells of the failures, and of the places known to have clients that do not fail: so that a network which does not fail counts as evidence, and
 * a large one is expected to hold more than a small one. @param baselines - Stretches in the baseline.
 */
export function cellsOf(rows: readonly FailureCellRow[], known: readonly KnownPlaceRow[], baselines: number): Cell[] {
  const least = leastHeardOf(known);
  const awake = awakeOf(known, least);
  const clients = new Map(known.map((r) => [keyOf(r), r.clients]));
  const cells = rows.map((r) => ({ ...r, clients: Math.max(least, clients.get(keyOf(r)) ?? 0) }));
  const failing = new Set(rows.map(keyOf));
  const silent = known.filter((r) => !failing.has(keyOf(r))).sort((a, b) => b.clients - a.clients);
  const rest = new Map<string, { network: string; country: string; release: string; clients: number }>();
  for (const { country, release, clients: more } of silent.slice(MOST_SILENT)) {
    const sum = rest.get(`${country} ${release}`) ?? { network: 'others', country, release, clients: 0 };
    rest.set(`${country} ${release}`, { ...sum, clients: sum.clients + more });
  }
  return [...cells, ...[...silent.slice(0, MOST_SILENT), ...rest.values()].map((r) => ({ ...r, now: 0, before: 0 }))].map((r) => {
    const attempts = r.clients * awake(r);
    return {
      where: { network: r.network, country: r.country, release: r.release },
      failures: r.now,
      baselineFailures: r.before,
      attempts,
      baselineAttempts: attempts * baselines,
    };
  });
}

const keyOf = (r: { network: string; country: string; release: string }): string => `${r.network}\u0000${r.country}\u0000${r.release}`;

/** What a place that was never heard of may well have: as much as the smallest tenth of those that were. */
function leastHeardOf(known: readonly KnownPlaceRow[]): number {
  const sorted = known.map((r) => r.clients).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 10)] ?? 0;
}

/**
 * By how much more a country and a release are in use now than on average of the day, drawn to 1: a day holds enough to tell small networks apart, the
 * last hours who is awake. Post-stratification by the two margins.
 */
function awakeOf(known: readonly KnownPlaceRow[], least: number): (place: { country: string; release: string }) => number {
  const day = known.reduce((sum, r) => sum + r.clients, 0);
  const recent = known.reduce((sum, r) => sum + r.recent, 0);
  const factorsOf = (dimension: 'country' | 'release'): Map<string, number> => {
    const sums = new Map<string, { day: number; recent: number }>();
    for (const r of known) {
      const sum = sums.get(r[dimension]) ?? { day: 0, recent: 0 };
      sums.set(r[dimension], { day: sum.day + r.clients, recent: sum.recent + r.recent });
    }
    const prior = RECENT_PRIOR * least;
    return new Map([...sums].map(([value, sum]) => [value, (sum.recent + prior) / ((sum.day / day) * recent + prior)]));
  };
  if (!(day > 0 && recent > 0 && least > 0)) return () => 1;
  const [countries, releases] = [factorsOf('country'), factorsOf('release')];
  return ({ country, release }) => (countries.get(country) ?? 1) * (releases.get(release) ?? 1);
}

/**
 * The networks in which more clients fail than before, the one with the most first. Each is compared with what its own stretches before let expect,
 * whose mean is known the less the fewer they hold, and all of them together may be wrong once in a thousand times.
 *
 * @param baselines - Stretches in the baseline. @param dispersion - Variance ÷ mean of usual failures: a burst is no second network that fails.
 */
export function failingNetworks(rows: readonly FailureCellRow[], baselines: number, dispersion = 1): string[] {
  const networks = new Map<string, { now: number; before: number }>();
  for (const row of rows) {
    const sum = networks.get(row.network) ?? { now: 0, before: 0 };
    networks.set(row.network, { now: sum.now + row.now, before: sum.before + row.before });
  }
  return [...networks]
    .filter(([, { now, before }]) => {
      const { mean, variance } = usualOf(before, baselines);
      return now >= 2 && upperTail(now, mean, variance + (dispersion - 1) * mean) < FAILING_P / networks.size;
    })
    .sort(([, a], [, b]) => b.now - a.now)
    .map(([network]) => network);
}
