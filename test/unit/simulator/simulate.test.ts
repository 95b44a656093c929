import { describe, expect, it } from 'vitest';
import type { AttemptsRow, FailuresRow } from '../../../analyzer/src/backtest/rows.js';
import { generate } from '../../../cli/src/simulator/generate.js';
import type { Incident } from '../../../cli/src/simulator/incident.js';
import { largestNetworks } from '../../../cli/src/simulator/networks.js';
import { stream } from '../../../cli/src/simulator/random.js';
import { makeIncident, SCRIPT_NAMES } from '../../../cli/src/simulator/scripts.js';

import { FROM, world, failures, incidentsOf, play, handMade } from './small-world.js';

describe('simulate', () => {
  it('writes the same bytes for the same seed, and others for another', () => {
    const text = (seed: number): string =>
      play(seed)
        .map((r) => JSON.stringify(r))
        .join('\n');
    const first = text(7);
    expect(first.length).toBeGreaterThan(100_000);
    expect(text(7) === first).toBe(true);
    expect(text(8) === first).toBe(false);
  });

  it('plays every script once and tells each at the end', () => {
    const rows = play(3);
    expect(
      incidentsOf(rows)
        .map((i) => i.script)
        .sort(),
    ).toEqual([...SCRIPT_NAMES].sort());
    expect(rows[0]?.row).toBe('world');
    expect(rows.slice(-SCRIPT_NAMES.length).every((r) => r.row === 'incident')).toBe(true);
  });

  it('writes rows in the order of their arrival, and none before it happens', () => {
    const rows = play(2).filter((r) => 'arrived' in r);
    const arrivals = rows.map((r) => ('arrived' in r ? r.arrived : 0));
    expect(arrivals.every((at, i) => at >= (arrivals[i - 1] ?? 0))).toBe(true);
    expect(failures(rows).every((r) => r.arrived >= r.at)).toBe(true);
  });

  it('has the added failures in the rows, at the place and time that the truth names', () => {
    const made = world();
    const place = { network: 'AS1/DE' };
    const rows = [...generate(made, [handMade({ places: [place], failing: () => 0.2 })])];
    const [truth] = incidentsOf(rows);
    const inside = failures(rows).filter((r) => r.host === 'api1.shop.example' && r.kind === 'dns' && r.network === 'AS1/DE');
    const during = inside.filter((r) => r.at >= FROM + 3 * 3600 && r.at < FROM + 4 * 3600).length;
    expect(truth?.injected).toBeGreaterThan(200);
    expect(during / (truth?.observed ?? 0)).toBeGreaterThan(0.97);
    expect(during / (truth?.observed ?? 0)).toBeLessThanOrEqual(1);
    expect(inside.length - during).toBeLessThan(during / 10);
    expect(truth?.oracle_log10_p).toBeLessThan(-30);
    expect(truth?.first_failure).toBeGreaterThanOrEqual(FROM + 3 * 3600);
  });

  it('tells the made-up requests of one network beside its honest ones of the hour before, and within those of the host', () => {
    const made = world();
    const place = { network: 'AS1/DE' };
    const rows = [...generate(made, [handMade({ places: [place], madeUp: 60, madeUpAttempts: true, fake: true })])];
    const told = rows.flatMap((r) => (r.row === 'attempts' && r.host === 'api1.shop.example' ? [r] : []));
    const sum = (network: string | undefined, hour: number, of: 'made' | 'failed'): number =>
      told
        .filter((r) => r.network === network && r.at >= FROM + hour * 3600 && r.at < FROM + (hour + 1) * 3600)
        .reduce((s, r) => s + r[of], 0);
    expect([sum('AS1/DE', 1, 'made'), sum('AS1/DE', 4, 'made')]).toEqual([0, 0]);
    expect(sum('AS1/DE', 2, 'made')).toBeGreaterThan(100);
    expect(sum('AS1/DE', 2, 'failed')).toBeLessThan(sum('AS1/DE', 2, 'made') / 100);
    const { injected = 0 } = incidentsOf(rows)[0] ?? {};
    expect(injected).toBeGreaterThan(3_000);
    expect(sum('AS1/DE', 3, 'failed')).toBeGreaterThanOrEqual(2 * injected);
    expect(sum(undefined, 3, 'failed')).toBeGreaterThanOrEqual(2 * injected);
    expect(sum(undefined, 3, 'made')).toBeGreaterThan(sum('AS1/DE', 3, 'made'));
  });

  it('keeps a flash crowd free of added failures while the requests grow', () => {
    const made = world();
    const rows = [...generate(made, [handMade({ failures: [], load: () => 5, harmless: true })])];
    const sum = (from: number): number =>
      rows.reduce(
        (s, r) => (r.row === 'attempts' && r.host === 'api1.shop.example' && r.at >= from && r.at < from + 3600 ? s + r.made : s),
        0,
      );
    expect(sum(FROM + 3 * 3600) / sum(FROM + 2 * 3600)).toBeGreaterThan(3.5);
    expect(incidentsOf(rows)[0]?.injected).toBe(0);
  });

  it('holds back the reports of a collector that is away, and loses none', () => {
    const made = world();
    const until = FROM + 4 * 3600;
    const away = handMade({ failures: [], harmless: true, arrival: (_, arrived) => Math.max(arrived, until) });
    const held = failures([...generate(made, [away])]).filter(
      (r) => r.host === 'api1.shop.example' && r.at >= FROM + 3 * 3600 + 600 && r.at < until,
    );
    expect(held.length).toBeGreaterThan(5);
    expect(held.every((r) => r.arrived >= until)).toBe(true);
  });

  it('holds back the counts of requests with the reports: what comes late adds to what was told, what is blocked is missing', () => {
    const until = FROM + 4 * 3600;
    const told = (arrival: NonNullable<Incident['arrival']>): AttemptsRow[] =>
      [...generate(world(), [handMade({ failures: [], harmless: true, arrival })])].filter(
        (r): r is AttemptsRow => r.row === 'attempts' && r.host === 'api1.shop.example' && r.at === FROM + 3 * 3600 + 600,
      );
    const [whole] = told((_, arrived) => arrived);
    const late = told((_, arrived, random) => (random() < 0.5 ? arrived : Math.max(arrived, until + random() * 600)));
    expect(late.length).toBeGreaterThan(5);
    expect(late[0]?.arrived).toBe(whole?.arrived);
    expect((late[0]?.made ?? 0) / (whole?.made ?? 1)).toBeCloseTo(0.5, 0);
    expect(late.slice(1).every((r, i) => r.arrived >= until && r.made >= (late[i]?.made ?? 0))).toBe(true);
    expect(late.at(-1)?.made).toBe(whole?.made);
    const blocked = told(({ country }, arrived) => (country === 'DE' ? null : arrived));
    expect(blocked).toHaveLength(1);
    expect(blocked[0]?.made).toBeLessThan(whole?.made ?? 0);
    expect(told(() => null)).toEqual([]);
  });

  it('doubles what opted-in clients tell, and nothing that the server counts', () => {
    const sums = (optIn?: Incident['optIn']): number[] => {
      const rows = [...generate(world(), [handMade({ failures: [], harmless: true, ...(optIn && { optIn }) })])];
      const inside = rows.flatMap((r) =>
        'host' in r && r.host === 'api1.shop.example' && 'at' in r && r.at > FROM + 3 * 3600 + 300 ? [r] : [],
      );
      const sum = (of: (row: (typeof inside)[number]) => number): number =>
        inside.filter((r) => r.at <= FROM + 4 * 3600 - 300).reduce((s, r) => s + of(r), 0);
      return [
        sum((r) => (r.row === 'attempts' ? r.made : 0)),
        sum((r) => (r.row === 'failures' ? r.clients : 0)),
        sum((r) => (r.row === 'server' ? r.requests : 0)),
      ];
    };
    const [made = 0, failed = 0, served = 0] = sums();
    const [madeMore = 0, failedMore = 0, servedMore = 0] = sums(() => 2);
    expect(madeMore / made).toBeCloseTo(2, 1);
    expect(failedMore / failed).toBeGreaterThan(1.5);
    expect(servedMore / served).toBeCloseTo(1, 1);
  });

  it('brings opt-ins to twice their share and new names everywhere, however little room there is', () => {
    const scene = { world: world(), random: () => 0.5, project: 'shop', start: FROM, room: 3_000 };
    const optIn = makeIncident('opt-in-doubling', 'i1', scene);
    expect([optIn.optIn?.(FROM), optIn.optIn?.(FROM + 3_000)]).toEqual([1, 2]);
    expect(makeIncident('opt-in-doubling', 'i1', { ...scene, room: 200_000 }).optIn?.(FROM + 43_200)).toBe(1.5);
    const named = makeIncident('sdk-renames-kinds', 'i1', scene).rename?.(
      { kind: 'timeout', type: 'abandoned' },
      FROM + 1_500,
      () => 0.999,
    );
    expect(named?.kind).toBe('routing');
  });

  it('draws a new level that is within what the detector must not tell, and clients behind one or two addresses once each', () => {
    const random = stream(4, 'scripts');
    const scene = { world: world(), random, project: 'shop', start: FROM, room: 3_000 };
    for (let i = 0; i < 20; i++) {
      const level = makeIncident('deploy-new-level', 'i1', scene).usual?.(FROM) ?? 0;
      expect(level).toBeGreaterThanOrEqual(1.2);
      expect(level).toBeLessThan(1.45);
    }
    const sources = new Map<string, number>();
    const portal = makeIncident('captive-portal', 'i9', scene);
    const rows = [
      ...generate(world(), [{ ...portal, start: FROM + 3_600, end: FROM + 6_600 }], (row, source) => {
        if (source.startsWith('i9 ')) sources.set(row.kind, (sources.get(row.kind) ?? 0) + 1);
      }),
    ];
    expect([...sources.keys()].sort()).toEqual(['offline', 'timeout', 'tls']);
    expect(incidentsOf(rows)[0]).toMatchObject({ harmless: true, verdict: null });
    expect(portal.madeUpFrom).toBeLessThanOrEqual(2);
  });

  it('tells clients whose line comes and goes when it is back, and what they send does not reach the server', () => {
    const local = makeIncident('last-mile', 'i1', {
      world: world(),
      random: () => 0.99,
      project: 'shop',
      start: FROM + 3_600,
      room: 7_200,
    });
    expect(local).toMatchObject({ verdict: 'local', unseen: true, harmless: false });
    const rows = failures([...generate(world(), [local])]).filter(
      (r) => r.network === local.places[0]?.['network'] && r.at >= local.start && r.at < local.end,
    );
    const lost = rows.filter((r) => r.kind === 'offline');
    const caught = rows.filter((r) => r.kind === 'timeout');
    expect(lost.length).toBeGreaterThan(2 * caught.length);
    const wait = (own: FailuresRow[]): number => own.reduce((sum, r) => sum + r.arrived - r.at, 0) / own.length;
    expect(wait(lost)).toBeGreaterThan(100);
    expect(wait(lost)).toBeLessThan(400);
  });

  it('takes the networks from the real table, the largest first', async () => {
    const networks = await largestNetworks(300, 30);
    expect(networks).toHaveLength(300);
    expect(new Set(networks.map((n) => n.country)).size).toBeLessThanOrEqual(30);
    expect(networks.map((n) => n.label)).toContain('AS7922/US');
    expect(networks.every((n, i) => i === 0 || n.weight <= (networks[i - 1]?.weight ?? 0))).toBe(true);
  });
});
