/** Suppression holds over all that is said: no two numbers together tell of fewer than k clients. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostCount } from '../../../analyzer/src/publish/count.js';
import { countryOf, publishPlaces } from '../../../analyzer/src/publish/publish-places.js';
import { publish } from '../../../analyzer/src/publish/publish.js';
import type { RawPlace } from '../../../analyzer/src/publish/shapes.js';

const K = 10;
const HOUR_MS = 3_600_000;
const network = (name: string, clients: number, country: number): RawPlace => ({
  where: { network: name },
  explained: 0.5,
  clientsBy: { network: clients, country },
});
const said = (...places: RawPlace[]) =>
  publishPlaces({ places, failingClients: 100 }, K).map((p) => [Object.values(p.where).join(' '), p.clients_text]);

describe('the places of a spike', () => {
  it('name no country beside its one large network, for the difference would tell the small one', () => {
    expect(said(network('AS1/DE', 40, 46), network('AS2/DE', 6, 46))).toEqual([['AS1/DE', 'about 40']]);
    expect(said(network('AS2/DE', 6, 46), network('AS1/DE', 40, 46))).toEqual([['AS1/DE', 'about 40']]);
    // Nobody beside is few, too.
    expect(said(network('AS1/DE', 40, 40), network('AS2/DE', 0, 40))).toEqual([['AS1/DE', 'about 40']]);
  });

  it('name it where k clients are beside, in two hidden networks or more', () => {
    expect(said(network('AS1/DE', 40, 53), network('AS2/DE', 6, 53), network('AS3/DE', 7, 53))).toEqual([
      ['AS1/DE', 'about 40'],
      ['DE', 'about 55'],
    ]);
    expect(said(network('AS1/DE', 40, 49), network('AS2/DE', 9, 49))).toHaveLength(1);
    expect(said(network('AS1/DE', 40, 50), network('AS2/DE', 9, 50))).toHaveLength(2);
  });

  it('take off all named parts of a place, and none that it does not hold', () => {
    expect(said(network('AS1/DE', 40, 66), network('AS4/DE', 20, 66), network('AS2/DE', 6, 66))).toEqual([
      ['AS1/DE', 'about 40'],
      ['AS4/DE', 'about 20'],
    ]);
    expect(said(network('AS1/FR', 40, 40), network('AS2/DE', 6, 20))).toEqual([
      ['AS1/FR', 'about 40'],
      ['DE', 'about 20'],
    ]);
  });

  it('name no network or release beside a large part of it either', () => {
    const part = (release: string, clients: number, n: number): RawPlace => ({
      where: { network: 'AS1/DE', release },
      explained: 0.5,
      clientsBy: { 'network+release': clients, network: n, release: 300, country: n },
    });
    expect(said(part('4.2.1', 40, 46), part('4.2.0', 6, 46))).toEqual([['AS1/DE 4.2.1', 'about 40']]);
    expect(said(part('4.2.1', 40, 52), part('4.2.0', 6, 52))).toHaveLength(2);
  });

  it('keep a country that is a place itself where enough of it lies outside of its named network', () => {
    const country = (clients: number): RawPlace => ({ where: { country: 'DE' }, explained: 0.5, clientsBy: { country: clients } });
    expect(said(country(540), network('AS1/DE', 400, 540))).toHaveLength(2);
    expect(said(country(45), network('AS1/DE', 40, 45))).toEqual([['AS1/DE', 'about 40']]);
  });

  it('never let the difference of two of them tell of fewer than k, whatever fails', () => {
    const networks = fc.uniqueArray(fc.record({ of: fc.nat(9), clients: fc.nat(60), isCause: fc.boolean() }), {
      selector: (n) => n.of,
      minLength: 1,
    });
    fc.assert(
      fc.property(networks, (list) => {
        const all = list.map(({ of, ...n }) => ({ ...n, name: `AS${String(of)}/${of % 2 === 0 ? 'DE' : 'FR'}` }));
        const sizeOf = (country: string | null): number =>
          all.filter((n) => countryOf(n.name) === country).reduce((s, n) => s + n.clients, 0);
        const places = all.filter((n) => n.isCause).map((n) => network(n.name, n.clients, sizeOf(countryOf(n.name))));
        const named = publishPlaces({ places, failingClients: 100 }, K).map(({ where }) => where);
        for (const { country } of named) {
          if (country === undefined) continue;
          const shown = all.filter((n) => countryOf(n.name) === country && named.some((w) => w.network === n.name));
          const rest = sizeOf(country) - shown.reduce((s, n) => s + n.clients, 0);
          expect(rest).toBeGreaterThanOrEqual(K);
        }
        for (const { name, clients } of all) if (clients < K) expect(named.some((w) => w.network === name)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});

describe('failing clients of a host and kind', () => {
  const bin = { startMs: 0, clients: 43, arrivals: 6, expected: 0.1, low: 0, high: 2, completeness: 1, learning: false };
  const saidOf = (binMs: number) => publish({ shape: 'series', binMs, bins: [bin, { ...bin, clients: 3, arrivals: 0 }] }, { k: K }).bins;

  it('are rounded in bins as long as a window in which a breakdown shows cells, and exact in shorter ones', () => {
    expect(saidOf(HOUR_MS)).toMatchObject([
      { clients: 45, clients_text: 'about 45', arrived: 5, arrived_text: 'about 5' },
      { clients: null, clients_text: '< 5', arrived: 0, arrived_text: '0' },
    ]);
    for (const binMs of [10_000, 60_000]) expect(saidOf(binMs)[0]).toMatchObject({ clients: 43, clients_text: '43', arrived_text: '6' });
    expect(hostCount(43, 600_000)).toEqual({ value: 45, text: 'about 45' });
    expect(publish({ shape: 'count', clients: 43, spanMs: HOUR_MS }, { k: K })).toEqual({ value: 45, text: 'about 45' });
  });

  it('tell of an hour what the total of its breakdown does, one client more or less', () => {
    for (const clients of [5, 42, 43, 47, 48, 1_001])
      expect(hostCount(clients, HOUR_MS).value).toBe(
        publish(
          {
            shape: 'breakdown',
            window: { size: '1h', startMs: 0, endMs: HOUR_MS },
            before: { startMs: 0, endMs: HOUR_MS },
            dimensions: [{ name: 'network', inside: [{ value: 'AS1/DE', clients }], before: [] }],
          },
          { k: 5 },
        ).dimensions[0]?.total,
      );
  });
});
