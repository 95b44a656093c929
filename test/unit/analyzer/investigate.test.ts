/** What an investigation sets beside a spike is of the spike's own place. */
import { describe, expect, it } from 'vitest';
import { Memory } from '../../../analyzer/src/backtest/memory.js';
import type { Group } from '../../../analyzer/src/watch/find.js';
import type { ServerMetricsSource } from '../../../analyzer/src/server-metrics/source.js';
import { investigate, place } from '../../../analyzer/src/watch/investigate.js';
import type { SpikeDocument } from '../../../analyzer/src/watch/spike-record.js';

const START = Date.UTC(2026, 0, 5, 12) / 1000;
const NOW = START + 600;
const OF = { project: 'shop', host: 'a' };
const COUNTRIES = ['DE', 'FR', 'GB', 'US'];
const NETWORKS = 8;

/** Clients of every network of the countries of `failing` fail, three a network; so many are offline in each country. */
async function investigated(failing: readonly string[], offline: Readonly<Record<string, number>>, serverMetrics: readonly ServerMetricsSource[] = []): Promise<Omit<SpikeDocument, 'slo'>> {
  const memory = new Memory();
  const networks = COUNTRIES.flatMap((country) => Array.from({ length: NETWORKS }, (_, n) => ({ country, network: `AS${n}/${country}` })));
  for (const cell of networks) memory.take({ row: 'place', arrived: START - 7_200, project: 'shop', ...cell, release: '1', clients: 1_000 });
  for (const minute of [-50, -40, -30, -20, -10, 1]) {
    for (const cell of networks) {
      const at = START + 60 * minute;
      const row = { row: 'failures', at, arrived: at, ...OF, ...cell, release: '1', requests: 1 } as const;
      const lost = minute < 0 ? 1 : Math.round((offline[cell.country] ?? 0) / NETWORKS);
      if (lost > 0) memory.take({ ...row, kind: 'offline', type: 'client.uplink_dead', clients: lost });
      if (minute > 0 && failing.includes(cell.country)) memory.take({ ...row, kind: 'dns', type: 'dns.failed', clients: 3 });
    }
    const at = START + 300 * Math.floor(minute / 5);
    memory.take({ row: 'attempts', at, arrived: at + 400, ...OF, made: 1_000, failed: minute > 0 ? 500 : 1 });
  }
  const clients = 3 * NETWORKS * failing.length;
  const spike = { startMs: START * 1000, endMs: null, failures: clients, expected: 0.1, excess: clients, peak: clients, pValue: 1e-30, foundMs: NOW * 1000 };
  const group: Group = { ...OF, kind: 'dns', where: {}, spike, parts: [] };
  const projects = { shop: { hosts: ['a'], stage: 'production' as const } };
  const deps = { client: memory.client, projects, serverMetrics, now: () => NOW * 1000 };
  return investigate(await place(group, deps), undefined, deps);
} // prettier-ignore

describe('the verdict of a spike in one country', () => {
  it('is not local because clients elsewhere lost their own connection', async () => {
    const elsewhere = await investigated(['DE'], { FR: 80, GB: 80, US: 80 });
    expect(elsewhere.places.map(({ where }) => where)).toEqual([{ country: 'DE' }]);
    expect(elsewhere.verdict.verdict).toBe('undetermined');
    expect((await investigated(['DE'], { DE: 80 })).verdict.verdict).toBe('local');
  });

  it('is not said to rest on the requests of the whole host', async () => {
    const there = await investigated(['DE'], {});
    expect(there.verdict.numbers).toMatchObject({ attempts_failed_share: null, attempts_failed_share_before: null });
    const everywhere = await investigated(COUNTRIES, {});
    expect(everywhere.places).toEqual([]);
    expect(everywhere.verdict.numbers).toMatchObject({ attempts_failed_share: 0.5, attempts_failed_share_before: 0.001 });
  });
});

describe('the verdict of a spike in several countries', () => {
  it('is local where these lost their own connection, not where another did', async () => {
    const both = await investigated(['DE', 'FR'], { DE: 80, FR: 80 });
    expect(both.places.map(({ where }) => where)).toEqual([{ country: 'DE' }, { country: 'FR' }]);
    expect(both.verdict.verdict).toBe('local');
    expect((await investigated(['DE', 'FR'], { US: 200 })).verdict.verdict).toBe('undetermined');
  });
});

describe('a verdict without anything read of the server', () => {
  const said = async (...sources: ServerMetricsSource[]): Promise<string | undefined> =>
    (await investigated(COUNTRIES, {}, sources)).verdict.because[0];
  const prometheus = { ...OF, prometheusUrl: 'http://127.0.0.1:9090' };

  it('says that the metrics are missing where they are configured, and that none are where not', async () => {
    for (const source of [
      prometheus,
      { ...prometheus, proberQuery: 'p', latencyQuery: 'l' },
      { ...OF, url: 'http://127.0.0.1:9100/metrics' },
    ])
      expect(await said(source)).toMatch(/^The server metrics are missing or too old/);
    for (const sources of [[], [{ ...prometheus, host: 'b' }], [{ ...prometheus, proberQuery: 'p' }]])
      expect(await said(...sources)).toMatch(/^No server metrics are configured for this host/);
  });
});
