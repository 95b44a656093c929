import { describe, expect, it } from 'vitest';
import type { Spike } from '../../../analyzer/src/detect/series.js';
import { stretchOf } from '../../../analyzer/src/queries/stretch.js';
import { buildSeries } from '../../../analyzer/src/watch/build-series.js';
import { completenessOf } from '../../../analyzer/src/watch/completeness.js';
import { cellsOf, networksFailing } from '../../../analyzer/src/watch/evidence-cells.js';
import { findSpikes, isToldBy, joined } from '../../../analyzer/src/watch/find.js';
import type { Finding } from '../../../analyzer/src/watch/find.js';
import { adopt, closeUnseen, finished, merged, spikeId } from '../../../analyzer/src/watch/lifecycle.js';
import { recordOf, rowOf } from '../../../analyzer/src/watch/spike-record.js';
import type { SpikeRecord } from '../../../analyzer/src/watch/spike-record.js';
import { pair } from '../../../analyzer/src/pair/pair.js';

const T = Date.UTC(2026, 0, 5, 14, 20);
const MINUTE = 60_000;

const spike = (startMs: number, endMs: number | null, extra: Partial<Spike> = {}): Spike => ({
  startMs,
  endMs,
  failures: 100,
  expected: 1,
  excess: 99,
  peak: 20,
  pValue: 1e-20,
  foundMs: startMs + 20_000,
  ...extra,
});
const finding = (extra: Partial<Finding> = {}): Finding => ({
  project: 'shop',
  host: 'a',
  kind: 'dns',
  network: null,
  spike: spike(T, null),
  ...extra,
});
const record = (extra: Partial<SpikeRecord> = {}): SpikeRecord => ({
  id: 'b',
  project: 'shop',
  host: 'a',
  kind: 'dns',
  scope: '',
  startedMs: T,
  endedMs: null,
  document: {
    foundMs: T,
    lastSeenMs: T,
    failingClients: 20,
    expectedClients: 0,
    expectedWhole: 0,
    foundIn: 'host',
    peakClients: 20,
    failedRequests: 100,
    pValue: 1e-20,
    type: null,
    byKind: {},
    places: [],
    placeReason: 'everywhere',
    unexplained: 1,
    networksFailing: 4,
    verdict: pair({ kind: 'dns', place: {}, networksFailing: 4, failingClients: 20, expectedClients: 0 }, null),
  },
  ...extra,
});

describe('build series', () => {
  const options = {
    binMs: 10_000,
    fromMs: T - 60 * MINUTE,
    nowMs: T + 5_000,
    watched: () => true,
    firstHeardMs: () => T - 30 * MINUTE,
    completeness: () => 1,
  };
  const row = { project: 'shop', host: 'a', kind: 'dns', bin: T / 1000 - 20, clients: 3 };

  it('fills silence with zeros from when the project was first heard, and leaves out the bin that is filling', () => {
    const [built] = buildSeries([row], options);
    expect(built?.series.startMs).toBe(T - 30 * MINUTE);
    expect(built?.series.failures).toHaveLength(180);
    expect(built?.series.failures.at(-2)).toBe(3);
    expect(built?.series.failures.at(-1)).toBe(0);
  });

  it('drops kinds that are never an outage, hosts that are not watched, and projects never heard', () => {
    expect(
      buildSeries(
        [
          { ...row, kind: 'cors' },
          { ...row, kind: 'blocked' },
          { ...row, kind: 'offline' },
        ],
        options,
      ),
    ).toEqual([]);
    expect(buildSeries([row], { ...options, watched: () => false })).toEqual([]);
    expect(buildSeries([row], { ...options, firstHeardMs: () => undefined })).toEqual([]);
  });
});

describe('completeness', () => {
  it('rises with age and follows how late reports are', () => {
    const usual = completenessOf(undefined);
    const ages = [0, 5_000, 10_000, 30_000, 60_000, 600_000].map(usual);
    expect([...ages].sort((a, b) => a - b)).toEqual(ages);
    expect(ages.at(-1)).toBe(1);
    const late = completenessOf({ total: 1000, arrived: [100, 200, 300, 400, 500, 1000] });
    expect(late(65_000)).toBeCloseTo(0.5, 5);
    expect(late(0)).toBe(0.3);
  });
});

describe('findings', () => {
  it('are one when less than 15 minutes lie between', () => {
    expect(joined([spike(T, T + MINUTE), spike(T + 10 * MINUTE, null)])).toMatchObject([{ startMs: T, endMs: null, failures: 200 }]);
    expect(joined([spike(T, T + MINUTE), spike(T + 20 * MINUTE, null)])).toHaveLength(2);
  });

  it('come from series, without those that ended long ago', () => {
    const failures = [...Array<number>(400).fill(0), ...Array<number>(10).fill(20), ...Array<number>(60).fill(0)];
    const series = { project: 'shop', host: 'a', kind: 'dns', network: null, series: { startMs: T, binMs: 10_000, failures } };
    expect(findSpikes([series], {}, T)).toHaveLength(1);
    expect(findSpikes([series], {}, T + 480 * 10_000)).toEqual([]);
  });

  it('inside a network are told by one of the whole host that lies everywhere or there', () => {
    const inside = finding({ network: 'AS1/DE' });
    expect(isToldBy(inside, finding(), [])).toBe(true);
    expect(isToldBy(inside, finding(), [{ network: 'AS1/DE' }])).toBe(true);
    expect(isToldBy(inside, finding(), [{ network: 'AS2/FR' }])).toBe(false);
    expect(isToldBy(inside, finding(), [{ country: 'DE' }])).toBe(true);
    expect(isToldBy(inside, finding({ kind: 'tls' }), [])).toBe(false);
    expect(isToldBy(inside, finding({ spike: spike(T - 120 * MINUTE, T - 60 * MINUTE) }), [])).toBe(false);
  });
});

describe('life of a spike', () => {
  it('is adopted by its key while open and for 15 minutes after', () => {
    expect(adopt(finding(), '', [record()])?.id).toBe('b');
    expect(adopt(finding(), '', [record({ startedMs: T - 30 * MINUTE, endedMs: T - 10 * MINUTE })])?.id).toBe('b');
    expect(adopt(finding(), '', [record({ startedMs: T - 60 * MINUTE, endedMs: T - 20 * MINUTE })])).toBeUndefined();
    expect(adopt(finding({ host: 'other' }), '', [record()])).toBeUndefined();
  });

  it('keeps its key when its place changes, and prefers the same key', () => {
    const inNetwork = record({ id: 'n', scope: 'network=AS1/DE' });
    expect(adopt(finding(), '', [inNetwork])?.id).toBe('n');
    expect(adopt(finding(), '', [inNetwork, record()])?.id).toBe('b');
    expect(adopt(finding({ network: 'AS2/FR' }), 'network=AS2/FR', [inNetwork])).toBeUndefined();
    expect(adopt(finding({ network: 'AS1/DE' }), 'network=AS1/DE', [record()])?.id).toBe('b');
  });

  it('that lost a race hides no later one of its key, although nobody closes it', () => {
    const won = record({ id: 'a', endedMs: T + MINUTE });
    const lost = record({ id: 'b' });
    const later = record({ id: 'c', startedMs: T + 60 * MINUTE });
    expect(merged([later, lost, won]).map((r) => r.id)).toEqual(['c', 'a']);
  });

  it('of two that race for one key the lowest id wins, and ids tell nothing of the key', () => {
    expect(
      merged([record({ id: 'c' }), record({ id: 'a', startedMs: T + MINUTE }), record({ id: 'b', host: 'other' })]).map((r) => r.id),
    ).toEqual(['a', 'b']);
    expect(merged([record({ id: 'c', endedMs: T + MINUTE }), record({ id: 'a', startedMs: T + 60 * MINUTE })])).toHaveLength(2);
    const key = { project: 'shop', host: 'a', kind: 'dns', scope: '' };
    expect(spikeId(key, T)).toBe(spikeId(key, T + 20_000));
    expect(spikeId(key, T)).not.toBe(spikeId({ ...key, kind: 'tls' }, T));
    expect(spikeId(key, T)).toMatch(/^[0-9a-f]{16}$/);
    // Else whoever knows project, host, kind and start could try every network and learn which one is hidden.
    expect(spikeId(key, T, Buffer.alloc(32))).not.toBe(spikeId(key, T));
  });

  it('is not looked at again once it is stored as closed', () => {
    const over = finding({ spike: spike(T, T + MINUTE) });
    expect(finished(over, [record({ endedMs: T + MINUTE })])?.id).toBe('b');
    expect(finished(over, [record()])).toBeUndefined();
    expect(finished(over, [record({ endedMs: T + MINUTE - 10_000 })])).toBeUndefined();
    expect(finished(finding(), [record({ endedMs: T + MINUTE })])).toBeUndefined();
    expect(finished({ ...over, network: 'AS1/DE' }, [record({ endedMs: T + MINUTE, scope: 'network=AS2/FR' })])).toBeUndefined();
  });

  it('ends when nobody has found it for five minutes', () => {
    expect(closeUnseen([record()], new Set(), T + 4 * MINUTE)).toEqual([]);
    expect(closeUnseen([record()], new Set(), T + 6 * MINUTE)).toMatchObject([{ endedMs: T }]);
    expect(closeUnseen([record()], new Set(['b']), T + 6 * MINUTE)).toEqual([]);
  });

  it('survives storage, and a document of another form is left out', () => {
    const row = { ...rowOf(record({ endedMs: T + MINUTE }), 5), version: '5' };
    expect(recordOf(row)).toEqual(record({ endedMs: T + MINUTE }));
    expect(recordOf({ ...row, document: '{}' })).toBeUndefined();
    expect(recordOf({ ...row, document: 'no JSON' })).toBeUndefined();
  });
});

describe('evidence', () => {
  const row = { network: 'AS1/DE', country: 'DE', release: '1', now: 20, before: 6 };

  it('has silent cells for places that are known to have clients', () => {
    const cells = cellsOf(
      [row],
      [
        { network: 'AS1/DE', country: 'DE', release: '1' },
        { network: 'AS2/FR', country: 'FR', release: '1' },
      ],
    );
    expect(cells.map((c) => [c.where['network'], c.failures])).toEqual([
      ['AS1/DE', 20],
      ['AS2/FR', 0],
    ]);
  });

  it('counts a network as failing only when it fails more than before', () => {
    expect(
      networksFailing([row, { ...row, network: 'AS2/FR', now: 7, before: 42 }, { ...row, network: 'AS3/US', now: 1, before: 0 }], 1 / 6),
    ).toBe(1);
  });

  it('compares a spike with stretches of its own length', () => {
    expect(stretchOf(T, T + 5 * MINUTE)).toMatchObject({
      start: T / 1000,
      from: T / 1000,
      to: T / 1000 + 300,
      width: 300,
      baselines: 12,
      before: T / 1000 - 3600,
    });
    expect(stretchOf(T, T)).toMatchObject({ width: 10, baselines: 360 });
    const long = stretchOf(T, T + 600 * MINUTE);
    expect(long).toMatchObject({ width: 21_600, baselines: 1, before: T / 1000 - 21_600 });
    expect(long.from).toBe(T / 1000 + 600 * 60 - 21_600);
  });
});
