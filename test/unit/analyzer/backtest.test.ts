import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backtest } from '../../../analyzer/src/backtest/backtest.js';
import { Bins } from '../../../analyzer/src/backtest/bins.js';
import { parseRow } from '../../../analyzer/src/backtest/rows.js';
import type { FailuresRow, HistoryRow, IncidentRow, WorldRow } from '../../../analyzer/src/backtest/rows.js';
import { isWorthALook } from '../../../analyzer/src/backtest/screen.js';
import { detect } from '../../../analyzer/src/detect/detect.js';

const FROM = Date.UTC(2026, 0, 5) / 1000;
const HOST = 'api.shop.example';
const world = (to: number): WorldRow => ({ row: 'world', version: 1, seed: null, from: FROM, to, projects: { shop: [HOST] } });
const failure = (at: number, parts: Partial<FailuresRow> = {}): FailuresRow => ({
  row: 'failures', at, arrived: at + 4, project: 'shop', host: HOST, kind: 'dns', type: 'dns.name_not_resolved',
  network: `AS${(at % 7) + 1}/DE`, country: 'DE', release: '1.0.0', clients: 1, requests: 1, ...parts,
}); // prettier-ignore
const OUTAGE = FROM + 7200;

/** A failure every two minutes, and from two hours on for ten minutes a failure every two seconds in one network. */
function history(outage: Partial<FailuresRow> = {}): HistoryRow[] {
  const quiet = Array.from({ length: 90 }, (_, i) => failure(FROM + i * 120));
  const loud = Array.from({ length: 300 }, (_, i) => failure(OUTAGE + i * 2, { network: 'AS3/DE', ...outage }));
  return [world(FROM + 3 * 3600), ...[...quiet, ...loud].sort((a, b) => a.arrived - b.arrived)];
}

describe('backtest', () => {
  it('finds an outage, tells it after the rows have arrived, and places it', async () => {
    const { spikes, scores, rows } = await backtest(history());
    expect(scores).toBeNull();
    expect(rows).toBe(391);
    expect(spikes).toHaveLength(1);
    expect(spikes[0]).toMatchObject({ project: 'shop', host: HOST, kind: 'dns', verdict: 'undetermined', places: [{ network: 'AS3/DE' }] });
    const reported = Date.parse(spikes[0]?.reported_at ?? '') / 1000;
    expect(reported).toBeGreaterThan(OUTAGE + 10);
    expect(reported).toBeLessThanOrEqual(OUTAGE + 40);
    expect(Date.parse(spikes[0]?.ended_at ?? '') / 1000).toBeGreaterThanOrEqual(OUTAGE + 590);
  });

  it('knows nothing of what has not arrived: a backlog is told when it comes', async () => {
    const { spikes } = await backtest(history({ arrived: OUTAGE + 1800 }));
    for (const spike of spikes) expect(Date.parse(spike.reported_at) / 1000).toBeGreaterThanOrEqual(OUTAGE + 1800);
  });

  it('tells more outages at once than a round examines in the rounds after it, and ends none before its time', async () => {
    const hosts = Array.from({ length: 26 }, (_, i) => `api${String(i)}.shop.example`);
    const rows = hosts.flatMap((host) => [
      ...Array.from({ length: 36 }, (_, i) => failure(FROM + i * 200, { host })),
      ...Array.from({ length: 60 }, (_, i) => failure(OUTAGE + i * 10, { host, clients: 6, requests: 6 })),
    ]);
    const many: WorldRow = { ...world(OUTAGE + 1_200), projects: { shop: hosts } };
    const { spikes } = await backtest([many, ...rows.sort((a, b) => a.arrived - b.arrived)]);
    expect(spikes).toHaveLength(26);
    const reported = spikes.map((s) => Date.parse(s.reported_at) / 1000);
    expect(Math.max(...reported) - Math.min(...reported)).toBe(5);
    for (const spike of spikes) expect(Date.parse(spike.ended_at ?? '') / 1000).toBeGreaterThanOrEqual(OUTAGE + 590);
  });

  it('says the same of the past, whatever comes later', async () => {
    const rows = history();
    const cut = OUTAGE + 120;
    const part = await backtest([world(cut), ...rows.slice(1).filter((r) => 'arrived' in r && r.arrived <= cut)]);
    const whole = await backtest(rows);
    expect(part.spikes.map((s) => [s.id, s.reported_at, s.started_at])).toEqual(
      whole.spikes.map((s) => [s.id, s.reported_at, s.started_at]),
    );
  });

  it('leaves out what is of no watched host or comes after the end', async () => {
    for (const other of [{ host: 'api.other.example' }, { project: 'constructor' }])
      expect((await backtest(history(other))).spikes).toEqual([]);
    expect((await backtest([...history(), failure(FROM + 9e12)])).spikes).toHaveLength(1);
  });

  it('counts a client that is named once a bin, so that one that tries again and again is one', async () => {
    const burst = { at: OUTAGE, arrived: OUTAGE + 4 };
    expect((await backtest(history(burst))).spikes).toHaveLength(1);
    expect((await backtest(history({ ...burst, client: 'a' }))).spikes).toEqual([]);
  });

  it('learns the shape of a day from hours before the history', async () => {
    const [first, ...rest] = history();
    const hours = (atTwo: number): HistoryRow[] =>
      Array.from({ length: 14 * 24 }, (_, i) => FROM - (i + 1) * 3600).map((at) => ({
        row: 'hour', at, arrived: FROM, project: 'shop', host: HOST, kind: 'dns', clients: (at / 3600) % 24 === 2 ? atTwo : 30,
      })); // prettier-ignore
    const reported = async (atTwo: number): Promise<number> => {
      const { spikes } = await backtest([first as HistoryRow, ...hours(atTwo), ...rest]);
      return Date.parse(spikes[0]?.reported_at ?? '');
    };
    // Where many fail every day at that hour, it takes more to be an outage.
    expect(await reported(3_000)).toBeGreaterThan((await reported(30)) + 30_000);
  });

  const truth: IncidentRow = {
    row: 'incident', id: 'i1', script: 'resolver-outage', project: 'shop', hosts: [HOST], kinds: ['dns'], places: [{ network: 'AS3/DE' }],
    start: OUTAGE, end: OUTAGE + 600, harmless: false, fake: false, verdict: 'undetermined', injected: 300, first_failure: OUTAGE,
    observed: 300, background: 1, oracle_log10_p: -200, oracle_found: OUTAGE + 10,
  }; // prettier-ignore
  it('keeps what was said first beside what is said last', async () => {
    // An outage in one network that spreads to all others.
    const spread = Array.from({ length: 600 }, (_, i) =>
      failure(OUTAGE + 300 + i * 2, { network: `AS${(i % 50) + 10}/US`, country: 'US' }),
    );
    const rows = [...history().slice(1), ...spread].sort((a, b) => ('arrived' in a && 'arrived' in b ? a.arrived - b.arrived : 0));
    const { scores } = await backtest([world(FROM + 3 * 3600), ...rows, { ...truth, script: 'bgp-leak' }]);
    expect(scores?.detector).toMatchObject({ first_told: { place_exact: { of: 1, hits: 1 } }, place_exact: { of: 1, hits: 0 } });
  });

  it('lets the simple detectors see the same history', async () => {
    const { scores } = await backtest([...history(), truth]);
    for (const s of Object.values(scores ?? {})) expect(s).toMatchObject({ spikes: 1, recall: { of: 1, hits: 1 }, false_spikes: 0 });
    expect(scores?.detector).toMatchObject({ place_exact: { hits: 1 }, verdict: { hits: 1 } });
    expect(scores?.['three-sigma'].delay.median_s).toBe(90);
  });

  it('allows the simple detector that has a budget as many false alarms as the other', async () => {
    const rows = [
      world(FROM + 3 * 3600),
      ...Array.from({ length: 90 }, (_, i) => failure(FROM + i * 120)),
      ...Array.from({ length: 4 }, (_, i) => failure(OUTAGE + i * 10)),
      { ...truth, harmless: true },
    ];
    const told = async (falseAlarmsPerWeek?: number): Promise<number | undefined> =>
      (await backtest(rows, { ...(falseAlarmsPerWeek !== undefined && { falseAlarmsPerWeek }) })).scores?.['seasonal-naive'].spikes;
    expect([await told(), await told(1), await told(1_000)]).toEqual([0, 0, 1]);
  });

  it('scores no incident that was not replayed: of another project or host, or with its first failure before or after the span', async () => {
    const [before, after] = [FROM - 3_600, FROM + 4 * 3_600];
    const others = [
      { project: 'pay' },
      { hosts: ['api2.shop.example'] },
      { start: before, first_failure: before, end: before + 600 },
      { start: after, first_failure: after, end: after + 600 },
      { start: after, first_failure: after, end: after + 600, harmless: true },
    ].map((parts): IncidentRow => ({ ...truth, ...parts }));
    const { scores } = await backtest([...history(), truth, ...others]);
    for (const s of Object.values(scores ?? {}))
      expect(s).toMatchObject({ recall: { of: 1, hits: 1 }, precision: { of: 1, hits: 1 }, missed_by_script: {}, harmless: {} });
    const none = await backtest([...history(), ...others]);
    expect(none.scores?.detector).toMatchObject({ recall: { of: 0 }, false_spikes: 1 });
  });

  it('holds a spike of what began before the span for neither right nor wrong, but for a harmless case, which nobody is to be told of', async () => {
    const early = { ...truth, start: FROM - 600, first_failure: FROM - 600 };
    const { scores } = await backtest([...history(), early]);
    expect(scores?.detector).toMatchObject({ spikes: 0, recall: { of: 0 }, precision: { of: 0 }, false_spikes: 0 });
    const harmless = await backtest([...history(), { ...early, harmless: true }]);
    expect(harmless.scores?.detector).toMatchObject({ false_spikes: 1, false_by_case: { 'resolver-outage': 1 } });
    const both = await backtest([...history(), early, { ...truth, id: 'i2' }]);
    expect(both.scores?.detector).toMatchObject({ recall: { of: 1, hits: 1 }, precision: { of: 1, hits: 1 } });
  });

  it('refuses a history that does not begin with the world', async () => {
    await expect(backtest([failure(FROM)])).rejects.toThrow('"world"');
    await expect(backtest([])).rejects.toThrow('"world"');
  });
});

describe('isWorthALook', () => {
  it('looks wherever detect finds', () => {
    const counts = fc.array(fc.nat(3), { minLength: 240, maxLength: 300 });
    const burst = fc.array(fc.nat(30), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(counts, burst, (quiet, loud) => {
        const failures = [...quiet, ...loud];
        const bins = new Bins({ project: 'p', host: 'h', kind: 'dns', where: {} }, 10);
        failures.forEach((n, i) => n > 0 && bins.add(i * 10, n));
        for (const { foundMs } of detect({ startMs: 0, binMs: 10_000, failures })) {
          const opened = foundMs / 10_000 - 1;
          const mean = quiet.reduce((sum, n) => sum + n, 0) / quiet.length;
          expect(isWorthALook(bins, opened, mean, {}, [opened])).toBe(true);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('passes by a bin that holds what is usual', () => {
    const bins = new Bins({ project: 'p', host: 'h', kind: 'dns', where: {} }, 10);
    for (let i = 0; i < 1000; i++) bins.add(i * 10, 2);
    expect(isWorthALook(bins, 999, 2, {}, [999])).toBe(false);
  });
});

describe('parseRow', () => {
  it('reads what JSON.stringify writes and refuses everything else', () => {
    expect(parseRow(JSON.stringify(failure(FROM)))).toEqual(failure(FROM));
    for (const text of [
      '',
      '{',
      '[]',
      'null',
      '{"row":"toString"}',
      JSON.stringify({ ...failure(FROM), clients: -1 }),
      JSON.stringify({ ...failure(FROM), clients: 2, client: 'a' }),
      JSON.stringify({ row: 'hour', at: FROM, arrived: FROM, project: 'shop', host: HOST, kind: 'dns' }),
      '{"row":"world","from":1,"to":2}',
    ])
      expect(parseRow(text)).toBeUndefined();
  });
});
