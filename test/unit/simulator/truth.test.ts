/** What the truth of a simulated world says, and what one who knows it finds. */
import { describe, expect, it } from 'vitest';
import type { IncidentRow } from '../../../analyzer/src/backtest/rows.js';
import { generate } from '../../../cli/src/simulator/generate.js';
import type { Incident } from '../../../cli/src/simulator/incident.js';
import { isPlaceable } from '../../../cli/src/simulator/placeable.js';

import { FROM, NETWORKS, world, failures, incidentsOf, handMade } from './small-world.js';

describe('what truly happened', () => {
  it('states the true background: without added failures the oracle sees nothing', () => {
    for (const [place, broken] of [
      [{}],
      [{ network: 'AS1/DE' }],
      [{ country: 'US' }],
      [{ network: 'AS1/DE' }, 'uneven-networks'],
      [{ country: 'DE' }, 'uneven-networks'],
    ] as const) {
      const made = world(5, 12, broken);
      const [truth] = incidentsOf([
        ...generate(made, [handMade({ places: [place], start: FROM, end: FROM + 12 * 3600, failing: () => 0 })]),
      ]);
      const { observed = 0, background = 0 } = truth ?? {};
      expect(truth).toMatchObject({ oracle_log10_p: 0, oracle_found: null });
      expect(background).toBeGreaterThan(0.4);
      expect(Math.abs(observed - background)).toBeLessThan(4 * Math.sqrt(background) + 1);
    }
  });

  it('knows where usual failures lie in uneven networks too', () => {
    const made = world(5, 24, 'uneven-networks');
    const labels = NETWORKS.map(({ label }) => label);
    const sum = (wheres: Record<string, string>[]): number => wheres.reduce((s, where) => s + made.usualShareOf('shop', where, FROM), 0);
    expect(sum([{}])).toBeCloseTo(1, 9);
    expect(sum(labels.map((network) => ({ network })))).toBeCloseTo(1, 9);
    expect(sum([...new Set(NETWORKS.map(({ country }) => country))].map((country) => ({ country })))).toBeCloseTo(1, 9);
    const rows = failures([...generate(made, [])]).filter((r) => r.project === 'shop');
    let unlike = 0;
    for (const network of labels.slice(0, 10)) {
      const expected = (of: 'usualShareOf' | 'shareOf'): number => rows.reduce((s, r) => s + made[of]('shop', { network }, r.at), 0);
      const there = rows.filter((r) => r.network === network).length;
      expect(Math.abs(there - expected('usualShareOf'))).toBeLessThan(4.5 * Math.sqrt(expected('usualShareOf')) + 1);
      if (Math.abs(there - expected('shareOf')) > 4.5 * Math.sqrt(expected('shareOf')) + 1) unlike++;
    }
    expect(unlike).toBeGreaterThan(3);
  });

  it('adds up what shows at several hosts and in several places, by the shape that it has in time', () => {
    const flap = (hosts: string[], failing: Incident['failing']): IncidentRow | undefined => {
      const made = world(5);
      const places = [{ network: 'AS1/DE' }, { country: 'BR' }];
      return incidentsOf([...generate(made, [handMade({ hosts, places, ...(failing && { failing }) })])])[0];
    };
    const both = ['api1.shop.example', 'api2.shop.example'];
    const one = flap(both.slice(0, 1), () => 5e-4);
    const all = flap(both, () => 5e-4);
    expect(all?.oracle_log10_p).toBeLessThan(1.2 * (one?.oracle_log10_p ?? 0));
    // The same number of failures, but all in the last quarter.
    const late = flap(both, (at) => (at < FROM + 3 * 3600 + 2700 ? 0 : 2e-3));
    expect(late?.oracle_log10_p).toBeLessThan(1.2 * (all?.oracle_log10_p ?? 0));
  });

  it('counts no client without a connection of its own as somebody to tell of', () => {
    const made = world();
    const mixed = [
      { kind: 'offline', type: 'client.uplink_dead', share: 0.8 },
      { kind: 'timeout', type: 'abandoned', share: 0.2 },
    ];
    const rows = [...generate(made, [handMade({ failures: mixed, places: [{ network: 'AS1/DE' }], failing: () => 0.2 })])];
    const added = failures(rows).filter(
      (r) => r.host === 'api1.shop.example' && r.kind === 'timeout' && r.network === 'AS1/DE' && r.at >= FROM + 3 * 3600,
    );
    const [truth] = incidentsOf(rows);
    expect(truth?.kinds).toEqual(['offline', 'timeout']);
    expect((truth?.injected ?? 0) / added.length).toBeGreaterThan(0.9);
    expect(truth?.injected).toBeLessThanOrEqual(added.length);
  });

  it('tells which of the places one who knows could name, and how many failed at each host', () => {
    const made = world();
    const [truth] = incidentsOf([
      ...generate(made, [handMade({ places: [{ network: 'AS1/DE' }, { country: 'US' }, { network: 'AS60/IN' }], failing: () => 0.05 })]),
    ]);
    expect(truth?.placeable).toEqual([true, true, false]);
    expect(truth?.affected).toEqual({ 'api1.shop.example': truth?.injected });
    const country = { country: 'DE' };
    const few = { failures: 3, usual: 0, background: 0.001 };
    expect(isPlaceable(made, 'shop', country, FROM, few)).toBe(false);
    expect(isPlaceable(made, 'shop', country, FROM, { ...few, failures: 30 })).toBe(true);
    // Thirty of nearly as many as usual.
    expect(isPlaceable(made, 'shop', country, FROM, { failures: 30, usual: 100, background: 100 })).toBe(false);
  });
});
