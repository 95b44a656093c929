/** What one attacker makes up beside a spike neither corroborates, nor mutes, nor explains it. */
import { describe, expect, it } from 'vitest';
import { Memory } from '../../../analyzer/src/backtest/memory.js';
import type { FailuresRow } from '../../../analyzer/src/backtest/rows.js';
import { pair } from '../../../analyzer/src/pair/pair.js';
import { signedProbers } from '../../../analyzer/src/watch/beside.js';
import type { Group } from '../../../analyzer/src/watch/find.js';
import { investigate, place } from '../../../analyzer/src/watch/investigate.js';
import type { SpikeDocument } from '../../../analyzer/src/watch/spike-record.js';

const START = Date.UTC(2026, 0, 5, 12) / 1000;
const NOW = START + 300;
const OF = { project: 'shop', host: 'a' };
const NETWORKS = Array.from({ length: 40 }, (_, i) => `AS${String(i)}/DE`);
type Made = Partial<FailuresRow> & { readonly clients: number };

/** What is found where these rows fail in the last five minutes, among forty networks of which nothing was heard before. */
async function investigated(kind: string, made: readonly Made[]): Promise<Omit<SpikeDocument, 'slo'>> {
  const memory = new Memory();
  for (const network of NETWORKS)
    memory.take({ row: 'place', arrived: START - 7_200, project: 'shop', network, country: 'DE', release: '1', clients: 1_000 });
  for (const row of made) {
    const at = { at: START + 60, arrived: START + 64, type: `${kind}.failed`, country: 'DE', release: '1', requests: 1 };
    memory.take({ row: 'failures', ...OF, kind, network: 'AS0/DE', ...at, collector: 'c1', ...row });
  }
  const clients = made.filter((row) => (row.kind ?? kind) === kind).reduce((sum, row) => sum + row.clients, 0);
  const spike = { startMs: START * 1000, endMs: null, failures: clients, expected: 0.1, excess: clients, peak: clients, pValue: 1e-30, foundMs: NOW * 1000 };
  const group: Group = { ...OF, kind, where: {}, spike, parts: [] };
  const projects = { shop: { hosts: ['a'], stage: 'production' as const } };
  const deps = { client: memory.client, projects, serverMetrics: [], now: () => NOW * 1000 };
  return investigate(await place(group, deps), undefined, deps);
} // prettier-ignore

/** From addresses all over one network. */
const FAKES: Made = { network: 'AS0/DE', clients: 60, crowd: 'first' };
/** What three prefixes can have in one network or in several: once the first, and three places each. */
const threePrefixes = (networks: readonly string[]): Made[] => [
  { network: networks[0] ?? '', clients: 3, crowd: 'first' },
  ...networks.map((network): Made => ({ network, clients: 12 / networks.length, crowd: 'few' })),
];

describe('whoever has addresses all over one network', () => {
  it('is not corroborated by three prefixes in other networks, though these fail more than by chance', async () => {
    for (const others of [['AS1/DE'], ['AS1/DE', 'AS2/DE']]) {
      const { verdict, networksFailing } = await investigated('dns', [FAKES, ...threePrefixes(others)]);
      expect([networksFailing, verdict.uncorroborated]).toEqual([1, true]);
    }
  });

  it('is not, either, where he has so many fakes that both networks are named', async () => {
    const many = { ...FAKES, clients: 40 };
    const { places, verdict } = await investigated('dns', [many, ...threePrefixes(['AS1/DE'])]);
    expect(places.map(({ where }) => where)).toEqual([{ network: 'AS0/DE' }, { network: 'AS1/DE' }]);
    expect(verdict.uncorroborated).toBe(true);
  });

  it('is by a second network in which more prefixes fail than one attacker has', async () => {
    const { verdict, networksFailing } = await investigated('dns', [FAKES, { network: 'AS1/DE', clients: 10, crowd: 'first' }]);
    expect([networksFailing, verdict.uncorroborated]).toEqual([2, false]);
  });
});

describe('probers that merely sign as such', () => {
  const row = { now: 2, failing: 2, before: 0, failing_before: 0, unranked: 0 };
  const spike = { kind: 'dns', place: { network: 'AS0/DE' }, networksFailing: 1, failingClients: 60, expectedClients: 0 };
  const server = {
    now: { requests: 3_000, errors: 3, seconds: 300 },
    baseline: { requests: 36_000, errors: 36, seconds: 3_600 },
    fresh: true,
  };
  const judged = (firsts: readonly string[], unranked = 0) => {
    const signed = signedProbers({ ...row, firsts, unranked }, START, { now: () => NOW * 1000 });
    return pair({ ...spike, ...(signed !== undefined && { signedProbers: signed }) }, server);
  };

  it('make no verdict and corroborate nothing from one address, nor from three prefixes', () => {
    for (const firsts of [[], ['c1'], ['c1', 'c1', 'c1'], ['c1', 'c1', 'c1', 'c2', 'c2', 'c2']])
      expect(judged(firsts)).toMatchObject({ verdict: 'outside', uncorroborated: true });
  });

  it('do where a fourth prefix is heard, or one that no stranger can have', () => {
    expect(judged(['c1', 'c1', 'c1', 'c1'])).toMatchObject({ verdict: 'inside', uncorroborated: false });
    expect(judged([], 2)).toMatchObject({ verdict: 'inside', uncorroborated: false });
  });
});

describe('a flood of keys from few prefixes beside a real outage', () => {
  const outage = NETWORKS.slice(0, 30).map((network): Made => ({ network, clients: 10, crowd: 'first' }));
  const offline = (clients: number, crowd: 'first' | 'few' | 'many'): Made => ({
    kind: 'offline',
    type: 'client.uplink_dead',
    clients,
    crowd,
  });

  it('does not make it local by reports of dead connections, but is still told in the numbers', async () => {
    const { verdict, byKind } = await investigated('timeout', [...outage, offline(3, 'few'), offline(397, 'many')]);
    expect(verdict.verdict).toBe('undetermined');
    expect(byKind).toEqual({ timeout: 300, offline: 400 });
    expect((await investigated('timeout', [...outage, offline(400, 'first')])).verdict.verdict).toBe('local');
  });

  it('does not make a small one local with all that three prefixes can have', async () => {
    const small = NETWORKS.slice(0, 22).map((network): Made => ({ network, clients: 1, crowd: 'first' }));
    const flood = [offline(3, 'first'), offline(27, 'few'), offline(300, 'many')];
    expect((await investigated('timeout', [...small, ...flood])).verdict.verdict).toBe('undetermined');
  });

  it('does not choose its type', async () => {
    const refused = { type: 'tcp.refused', network: 'AS39/DE' } as const;
    const flood: Made[] = [{ ...refused, clients: 3, crowd: 'few' }, { ...refused, clients: 397, crowd: 'many' }];
    const { type, verdict } = await investigated('routing', [...outage, ...flood]);
    expect([type, verdict.verdict]).toEqual(['routing.failed', 'undetermined']);
  }); // prettier-ignore
});
