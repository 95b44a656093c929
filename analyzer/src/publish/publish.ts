/** The one way from what is known to what is said. See docs/reference/analyzer.md, "What may be said". */
import { DEFAULT_K, hostCount, LEAST_K } from './count.js';
import { publishAllUsers } from './publish-all-users.js';
import { publishBreakdown } from './publish-breakdown.js';
import { publishNel } from './publish-nel.js';
import { publishSlo } from './publish-slo.js';
import { publishSpike } from './publish-spike.js';
import type { Policy, Published, PublishedOf, PublishedSeries, Raw, RawSeries } from './shapes.js';

/**
 * Every page, API answer, export and alert reads numbers through this function, for every reader.
 *
 * @param raw - What is known, by shape: `count`, `series` (by project × host × kind alone), `breakdown`, `spike`, `nel`, `slo`, `all_users`, `live`.
 * @param policy - `k`: least distinct signers of one UTC day in a cell that names a network, country, release, runtime, os or route;
 * below 2 it counts as 2, unusable as 10.
 * @returns The same question answered with hidden cells folded, counts rounded and times as RFC 3339 UTC. Pure; never throws.
 */
export function publish<R extends Raw>(raw: R, policy: Policy): Published<PublishedOf[R['shape']]>;
export function publish(raw: Raw, policy: Policy): Published<PublishedOf[Raw['shape']]> {
  const k = Number.isFinite(policy.k) ? Math.max(LEAST_K, Math.ceil(policy.k)) : DEFAULT_K;
  switch (raw.shape) {
    case 'count':
      return hostCount(raw.clients, raw.spanMs);
    case 'series':
      return publishSeries(raw);
    case 'breakdown':
      return publishBreakdown(raw, k);
    case 'spike':
      return publishSpike(raw, k);
    case 'nel':
      return publishNel(raw, k);
    case 'slo':
      return publishSlo(raw);
    case 'all_users':
      return publishAllUsers(raw, k);
    case 'live':
      return { reports: raw.stage === 'development' ? raw.reports : [] };
  }
}

function publishSeries(raw: RawSeries): PublishedSeries {
  return {
    bins: raw.bins.map((bin) => {
      const clients = bin.clients === null ? { value: null, text: 'no data' } : hostCount(bin.clients, raw.binMs);
      const arrived = bin.arrivals === null ? { value: null, text: 'no data' } : hostCount(bin.arrivals, raw.binMs);
      return {
        start: new Date(bin.startMs).toISOString(),
        clients: clients.value,
        clients_text: clients.text,
        arrived: arrived.value,
        arrived_text: arrived.text,
        expected: Number(bin.expected.toPrecision(2)),
        low: bin.low,
        high: bin.high,
        completeness: Math.round(bin.completeness * 100) / 100,
        learning: bin.learning,
      };
    }),
  };
}
