/** How many clients a spike is said to have hit: from its start on, for its own place, and with those whom sampling leaves out. */
import { describe, expect, it } from 'vitest';
import { Memory } from '../../../analyzer/src/backtest/memory.js';
import type { Group } from '../../../analyzer/src/watch/find.js';
import { investigate, place } from '../../../analyzer/src/watch/investigate.js';

const HOUR = 3_600;
/** Three in the morning, so that a day passes before midnight. */
const START = Date.UTC(2026, 0, 5, 3) / 1000;
const OF = { project: 'shop', host: 'a', kind: 'dns', type: 'dns.failed', release: '1' };

/** The document of a spike that lasts until `lastsS` after its start. @param told - Clients, when, where, and each one's failed requests and weight. */
async function documentOf(lastsS: number, told: readonly { at: number; network: string; clients: number; requests?: number; weight?: number }[]) {
  const memory = new Memory();
  const [project, release] = [OF.project, OF.release];
  for (const network of ['AS1/DE', 'AS2/DE', 'AS3/FR', 'AS4/US'])
    memory.take({ row: 'place', arrived: START - 2 * HOUR, project, network, country: network.slice(-2), release, clients: 1_000 });
  for (const { at, network, clients, requests = 1, weight } of [...told].sort((a, b) => a.at - b.at)) {
    const row = { row: 'failures', at: START + at, arrived: START + at, ...OF, network, country: network.slice(-2), requests: clients * requests, clients } as const;
    memory.take({ ...row, ...(weight !== undefined && { weight: weight * clients }) });
  }
  const [startMs, nowMs] = [START * 1000, (START + lastsS) * 1000];
  const spike = { startMs, endMs: null, failures: 1_000, expected: 0.1, excess: 1_000, peak: 100, pValue: 1e-30, foundMs: startMs + 60_000 };
  const group: Group = { project: OF.project, host: OF.host, kind: OF.kind, where: {}, spike, parts: [] };
  const deps = { client: memory.client, projects: { shop: { hosts: ['a'], stage: 'production' as const } }, serverMetrics: [], now: () => nowMs };
  return investigate(await place(group, deps), undefined, deps);
} // prettier-ignore

describe('the size of a spike', () => {
  it('is of all its hours, not of the last six', async () => {
    const said = await documentOf(12 * HOUR, [
      { at: 60, network: 'AS1/DE', clients: 1_000, requests: 2 },
      { at: 11 * HOUR, network: 'AS1/DE', clients: 5 },
    ]);
    expect(said).toMatchObject({ failingClients: 1_005, clientsInPlace: 1_005, failedRequests: 2_005 });
    expect(said.affected).toMatchObject({ clients: expect.closeTo(1_015, -2) as number });
    expect(said.affected?.low).toBeGreaterThan(990);
  });

  it('counts what fails because of it in its place as lost, not what always fails everywhere', async () => {
    const usual = [-3_000, -2_000, -1_000, 600, 1_600].map((at) => ({ at, network: 'AS4/US', clients: 100, requests: 5 }));
    const said = await documentOf(1_800, [...usual, { at: 600, network: 'AS1/DE', clients: 300 }]);
    expect(said.places.map(({ where }) => where)).toEqual([{ network: 'AS1/DE' }]);
    expect(said.failedRequests).toBe(1_300);
    expect(said.lostRequests).toBeCloseTo(300, 0);
  });

  it('holds those whose failures were not drawn', async () => {
    const said = await documentOf(900, [{ at: 600, network: 'AS1/DE', clients: 100, weight: 5 }]);
    expect(said.failingClients).toBe(100);
    expect(said.affected?.clients).toBeGreaterThan(450);
    expect(said.affected?.low).toBeLessThan(500);
    expect(said.affected?.high).toBeGreaterThan(500);
    expect(said.lostRequests).toBeCloseTo(500, 0);
  });
});
