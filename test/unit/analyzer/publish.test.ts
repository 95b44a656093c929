import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { masksCause } from '@outcry/protocol';
import { publish } from '../../../analyzer/src/publish/publish.js';
import { cellCount, plainCount } from '../../../analyzer/src/publish/count.js';
import { gridWindow, gridWindows } from '../../../analyzer/src/publish/windows.js';
import type { RawBreakdown, RawSpike } from '../../../analyzer/src/publish/shapes.js';
import { pair } from '../../../analyzer/src/pair/pair.js';

const cells = (list: Record<string, number>) => Object.entries(list).map(([value, clients]) => ({ value, clients }));
const T = Date.UTC(2026, 0, 5, 14, 22, 40);

const spike = (extra: Partial<RawSpike> = {}): RawSpike => ({
  shape: 'spike',
  id: 'abc',
  project: 'shop',
  host: 'api.shop.example',
  kind: 'timeout',
  type: 'http.failed',
  state: 'open',
  phase: 'open',
  reopened: 0,
  mergedInto: null,
  slo: null,
  allUsers: { users: null, reason: 'no_totals' },
  severity: 'notice',
  startedMs: T,
  endedMs: null,
  foundMs: T + 20_000,
  failingClients: 43,
  expectedClients: 0.3142,
  expectedWhole: 2.5,
  affected: { low: 37, high: 46 },
  foundIn: 'host',
  peakClients: 4,
  failedRequests: 437,
  pValue: 1.234e-30,
  byKind: { timeout: 43, dns: 2 },
  places: [{ where: { network: 'AS3320/DE' }, explained: 0.987, clientsBy: { network: 38, country: 39 } }],
  placeReason: 'placed',
  unexplained: 0.01,
  networksFailing: 1,
  verdict: pair({ kind: 'timeout', place: { network: 'AS3320/DE' }, networksFailing: 1, failingClients: 38, expectedClients: 0.3 }, null),
  ...extra,
});

describe('counts', () => {
  it('are exact by project, host and kind, but 1 to 4 are "< 5"', () => {
    expect([0, 1, 4, 5, 137].map((n) => plainCount(n).text)).toEqual(['0', '< 5', '< 5', '5', '137']);
    expect(plainCount(NaN)).toEqual({ value: 0, text: '0' });
  });

  it('of identifying cells hide everything below k, zero too, and round so that one client more does not show', () => {
    expect([0, 1, 9].map((n) => cellCount(n, 10).text)).toEqual(['< 10', '< 10', '< 10']);
    expect(cellCount(38, 10)).toEqual({ value: 40, text: 'about 40' });
    expect(cellCount(38, 10)).toEqual(cellCount(39, 10));
    expect(cellCount(1, 0).value).toBeNull();
  });
});

describe('the interval of affected clients', () => {
  it('is rounded outward, and not said where the count is not', () => {
    expect(publish(spike({}), { k: 10 })).toMatchObject({ affected_clients: { low: 35, high: 50 } });
    expect(publish(spike({ affected: null }), { k: 10 })).toMatchObject({ affected_clients: null });
    expect(publish(spike({ failingClients: 4 }), { k: 10 })).toMatchObject({ affected_clients: null });
  });
});

describe('what browsers report by themselves', () => {
  const nel = (clients: number, types: Record<string, number>, network: string | null = 'AS3320/DE') =>
    publish(
      { shape: 'nel', network, clients, types: Object.entries(types).map(([type, n]) => ({ type, clients: n, masks: masksCause(type) })) },
      { k: 10 },
    );

  it('is said by type in shares of the browsers, without those types that hide the cause', () => {
    expect(nel(40, { 'tls.cert.date_invalid': 36, 'tcp.reset': 12, abandoned: 90, 'dns.address_changed': 11 })).toEqual({
      network: 'AS3320/DE',
      clients: 40,
      clients_text: 'about 40',
      types: [
        { type: 'tls.cert.date_invalid', clients: 35, clients_text: 'about 35', share: 0.9 },
        { type: 'tcp.reset', clients: 10, clients_text: 'about 10', share: 0.25 },
      ],
      others: false,
      masked_text: 'about 90',
    });
  });

  it('names no type of fewer than k browsers, and no number of them', () => {
    const { types, others, clients, masked_text: masked } = nel(9, { 'tls.cert.date_invalid': 9, abandoned: 2 });
    expect([types, others, clients, masked]).toEqual([[], true, null, '< 10']);
  });
});

describe('the loss of a spike', () => {
  const loss = (failedRequests: number, perFailedRequest?: number): string | null =>
    publish(spike({ failedRequests, ...(perFailedRequest !== undefined && { cost: { perFailedRequest, currency: 'EUR' } }) }), { k: 10 })
      .estimated_loss_text;

  it('is of the requests that failed because of it, where these are known', () => {
    const cost = { perFailedRequest: 0.4, currency: 'EUR' };
    expect(publish(spike({ failedRequests: 6_300, lostRequests: 300, cost }), { k: 10 }).estimated_loss_text).toBe('about 100 EUR');
    expect(publish(spike({ failedRequests: 6_300, lostRequests: 9, cost }), { k: 10 }).estimated_loss_text).toBeNull();
  });
  it('is as coarse as the number of requests, and said only where a cost is known', () => {
    expect(loss(437, 0.4)).toBe('about 200 EUR');
    expect(loss(441, 0.4)).toBe(loss(437, 0.4));
    expect(loss(437)).toBeNull();
    expect(loss(9, 100)).toBeNull();
  });
});

describe('publish', () => {
  const breakdown = (inside: Record<string, number>, before: Record<string, number>): RawBreakdown => ({
    shape: 'breakdown',
    window: gridWindow('10m', T),
    before: gridWindow('1h', T - 3_600_000),
    dimensions: [
      { name: 'network', inside: cells(inside), before: cells(before) },
      { name: 'country', inside: cells({ DE: 43, FR: 22, US: 11 }), before: [] },
    ],
  });

  it('shows shares of rounded numbers with their interval and folds the rest', () => {
    const { dimensions, window } = publish(breakdown({ 'AS1/DE': 38, 'AS2/FR': 6, 'AS3/US': 7 }, { 'AS1/DE': 4 }), { k: 10 });
    expect(window).toEqual({ size: '10m', start: '2026-01-05T14:20:00.000Z', end: '2026-01-05T14:30:00.000Z' });
    const [network] = dimensions;
    expect(network?.rows.map((r) => [r.value, r.clients, r.before_text])).toEqual([
      ['AS1/DE', 40, '< 10'],
      [null, 15, '< 10'],
    ]);
    expect(network?.rows[0]?.share).toMatchObject({ share: 0.8, sample: 50 });
    expect(network?.hidden_cells).toBe(2);
  });

  it('hides the country that would tell a hidden network', () => {
    const [, country] = publish(breakdown({ 'AS1/DE': 38, 'AS9/DE': 5, 'AS2/FR': 22, 'AS3/US': 11 }, {}), { k: 10 }).dimensions;
    expect(country?.rows.some((r) => r.value === 'DE')).toBe(false);
  });

  it('puts no value below k into any answer, whatever the cells', () => {
    const list = fc.dictionary(fc.constantFrom('AS1/DE', 'AS2/DE', 'AS3/FR', 'AS4/US', 'AS5/US'), fc.nat(40));
    fc.assert(
      fc.property(list, list, fc.integer({ min: 2, max: 20 }), (inside, before, k) => {
        const text = JSON.stringify(publish(breakdown(inside, before), { k }).dimensions[0]);
        for (const [network, clients] of Object.entries(inside)) if (clients < k) expect(text).not.toContain(network);
      }),
    );
  });

  it('names a spike at its place, with a rounded count', () => {
    const said = publish(spike(), { k: 10 });
    expect(said).toMatchObject({
      network: 'AS3320/DE',
      country: 'DE',
      release: null,
      failing_clients: 40,
      expected_clients: 0,
      place_note: null,
    });
    expect(said.peak_clients_text).toBe('< 5');
    expect(said.failing_by_kind).toEqual({ timeout: 43, dns: null });
    expect(said.failed_requests_text).toBe('about 400');
  });

  it('names the country where the network is below k, and nothing where the country is too', () => {
    const place = (clientsBy: Record<string, number>) => spike({ places: [{ where: { network: 'AS3320/DE' }, explained: 1, clientsBy }] });
    const coarse = publish(place({ network: 7, country: 14 }), { k: 10 });
    expect(coarse).toMatchObject({ network: null, country: 'DE', failing_clients: 15 });
    expect(coarse.place_note).toContain('fewer than 10');
    const none = publish(place({ network: 3, country: 4 }), { k: 10 });
    expect(none).toMatchObject({ network: null, country: null, failing_clients: 43 });
    expect(JSON.stringify(none)).not.toContain('DE');
    expect(none.expected_clients).toBe(2.5);
  });

  it('is named at its large network alone where the country would tell its small one', () => {
    const place = (network: string, n: number) => ({ where: { network }, explained: 0.5, clientsBy: { network: n, country: 46 } });
    const said = publish(spike({ places: [place('AS1/DE', 40), place('AS2/DE', 6)] }), { k: 10 });
    expect(said.places).toMatchObject([{ where: { network: 'AS1/DE' }, clients: 40 }]);
    expect(said).toMatchObject({ network: 'AS1/DE', country: 'DE', failing_clients: 40 });
    expect(said.place_note).toBe('A finer or further place is known but has fewer than 10 clients of its own, so it is not named.');
  });

  it('says why no place is named: everywhere, too few, no more than chance, or something that none of its attributes tells', () => {
    const noteOf = (placeReason: string) => publish(spike({ places: [], placeReason }), { k: 10 }).place_note;
    expect(noteOf('everywhere')).toContain('not limited to');
    expect(noteOf('too_few')).toContain('too few');
    expect(noteOf('no_excess')).toContain('No place fails so much more');
    expect(noteOf('not_in_these_dimensions')).toContain('uneven');
  });

  it('tells no exact number of a place by its share of the excess, its usual level, its peak or its p-value', () => {
    const network = (explained: number, n: number) => ({
      where: { network: 'AS3320/DE' },
      explained,
      clientsBy: { network: n, country: n },
    });
    const shares = [0.8, 0.82, 0.86].map(
      (explained) => publish(spike({ places: [network(explained, 38)] }), { k: 10 }).places[0]?.explained,
    );
    expect(new Set(shares).size).toBe(1);
    expect(publish(spike({ places: [{ ...network(0.6, 7), clientsBy: { network: 7, country: 14 } }] }), { k: 10 }).places).toMatchObject([
      { where: { country: 'DE' }, explained: null },
    ]);
    const usual = [0.08, 0.9, 1.2, 7, 8].map((n) => publish(spike({ expectedClients: n }), { k: 10 }).expected_clients);
    expect(usual).toEqual([0, 0, 5, 5, 10]);
    const inside = publish(spike({ foundIn: 'network', peakClients: 7 }), { k: 10 });
    expect(inside).toMatchObject({ p_value: null, peak_clients: null, peak_clients_text: '< 10' });
    expect(publish(spike({ peakClients: 7 }), { k: 10 })).toMatchObject({ peak_clients: 7, p_value: 1e-30 });
  });

  it('does not tell how few clients are hidden by the number of their values', () => {
    const few = publish(breakdown({ 'AS1/DE': 1, 'AS2/FR': 1, 'AS3/US': 1, 'AS4/US': 1 }, {}), { k: 10 }).dimensions[0];
    expect(few).toMatchObject({ hidden_cells: null, total: null });
    expect(few?.rows.map((r) => r.clients_text)).toEqual(['< 10']);
  });

  it('says the share of failed attempts of a place only under its name', () => {
    const evidence = { kind: 'timeout', place: { network: 'AS3320/DE' }, networksFailing: 1, failingClients: 38, expectedClients: 0.3 };
    const verdict = pair({ ...evidence, attempts: { made: 100, failed: 61, baselineMade: 1000, baselineFailed: 3 } }, null);
    expect(publish(spike({ verdict }), { k: 10 }).verdict_detail.numbers.attempts_failed_share).toBe(0.61);
    expect(publish(spike({ verdict }), { k: 50 }).verdict_detail.numbers.attempts_failed_share).toBeNull();
    // Of several places together only where each of them is named.
    const two = (n: number) =>
      ['AS3320/DE', 'AS3215/FR'].map((network, i) => ({
        where: { network },
        explained: 0.4,
        clientsBy: { network: i === 0 ? 20 : n, country: 20 },
      }));
    const shareOf = (n: number) => publish(spike({ verdict, places: two(n) }), { k: 10 }).verdict_detail.numbers.attempts_failed_share;
    expect([shareOf(18), shareOf(4)]).toEqual([0.61, null]);
  });

  it('drops the release of a network and release when both together are below k', () => {
    const said = publish(
      spike({
        places: [
          {
            where: { network: 'AS3320/DE', release: '4.2.1' },
            explained: 1,
            clientsBy: { 'network+release': 6, network: 12, release: 11 },
          },
        ],
      }),
      { k: 10 },
    );
    expect(said).toMatchObject({ network: 'AS3320/DE', release: null });
  });

  it('publishes series with small bins as "< 5" and single reports of development projects only', () => {
    const bin = { startMs: T, clients: 3, arrivals: 0, expected: 0.123, low: 0, high: 2, completeness: 0.987, learning: false };
    expect(publish({ shape: 'series', binMs: 60_000, bins: [bin] }, { k: 10 }).bins[0]).toMatchObject({
      clients: null,
      clients_text: '< 5',
      arrived_text: '0',
      expected: 0.12,
      completeness: 0.99,
    });
    expect(publish({ shape: 'count', clients: 3, spanMs: 60_000 }, { k: 10 })).toEqual({ value: null, text: '< 5' });
    const report = {} as never;
    expect(publish({ shape: 'live', stage: 'production', reports: [report] }, { k: 10 }).reports).toEqual([]);
    expect(publish({ shape: 'live', stage: 'development', reports: [report] }, { k: 10 }).reports).toHaveLength(1);
  });
});

describe('grid windows', () => {
  it('are aligned to the epoch and cover a stretch', () => {
    expect(new Date(gridWindow('1d', T).startMs).toISOString()).toBe('2026-01-05T00:00:00.000Z');
    const windows = gridWindows('10m', T, T + 15 * 60_000);
    expect(windows.map((w) => new Date(w.startMs).toISOString().slice(11, 16))).toEqual(['14:20', '14:30']);
    expect(gridWindows('10m', T, T)).toHaveLength(1);
  });
});
