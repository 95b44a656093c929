import { describe, expect, it } from 'vitest';
import type { Spike } from '../../../analyzer/src/detect/series.js';
import { buildSeries } from '../../../analyzer/src/watch/build-series.js';
import { completenessOf } from '../../../analyzer/src/watch/completeness.js';
import { grouped, joined, look, withPrior } from '../../../analyzer/src/watch/find.js';
import type { Finding, Group } from '../../../analyzer/src/watch/find.js';
import { walk } from '../../../analyzer/src/detect/walk.js';
import { isRenamed } from '../../../analyzer/src/watch/renamed.js';
import { adopt, endUnseen, finished, merge, mergedInto, notExamined, settled, spikeId } from '../../../analyzer/src/watch/lifecycle.js';
import { newLife, phaseOf, recordOf, rowOf } from '../../../analyzer/src/watch/spike-record.js';
import type { SpikeRecord } from '../../../analyzer/src/watch/spike-record.js';
import { record, T } from './sample-record.js';

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
  where: {},
  spike: spike(T, null),
  ...extra,
});
const group = (extra: Partial<Group> = {}): Group => ({ ...finding(), parts: [], ...extra });
describe('build series', () => {
  const options = {
    binMs: 10_000,
    fromMs: () => T - 60 * MINUTE,
    nowMs: T + 5_000,
    watched: () => true,
    firstHeardMs: () => T - 30 * MINUTE,
    completeness: () => 1,
  };
  const row = { project: 'shop', host: 'a', kind: 'dns', where: {}, bin: T / 1000 - 20, clients: 3 };

  it('fills silence with zeros from when the host was first heard, and leaves out the bin that is filling', () => {
    const [built] = buildSeries([row], options);
    expect(built?.series.startMs).toBe(T - 30 * MINUTE);
    expect(built?.series.failures).toHaveLength(180);
    expect(built?.series.failures.at(-2)).toBe(3);
    expect(built?.series.failures.at(-1)).toBe(0);
  });

  it('starts each host where it was heard itself', () => {
    const firstHeardMs = (_project: string, host: string): number => (host === 'a' ? T - 30 * MINUTE : T - 5 * MINUTE);
    const built = buildSeries([row, { ...row, host: 'b' }], { ...options, firstHeardMs });
    expect(built.map(({ host, series }) => [host, series.failures.length])).toEqual([
      ['a', 180],
      ['b', 30],
    ]);
  });

  it('drops kinds that are never an outage, hosts that are not watched, and those never heard', () => {
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
    const series = { project: 'shop', host: 'a', kind: 'dns', where: {}, series: { startMs: T, binMs: 10_000, failures } };
    expect(look(series, {}, T).findings).toHaveLength(1);
    expect(look(series, {}, T + 480 * 10_000).findings).toEqual([]);
  });

  it('of one project, host and kind that touch in time are one, told by the whole host where it shows there', () => {
    const inside = finding({ where: { network: 'AS1/DE' }, spike: spike(T - MINUTE, null, { failures: 30 }) });
    const [one, ...more] = grouped([inside, finding(), finding({ where: { country: 'DE' } })]);
    expect(more).toEqual([]);
    expect(one).toMatchObject({ where: {}, parts: [], spike: { startMs: T - MINUTE, endMs: null, failures: 100 } });
    expect(grouped([inside, finding({ kind: 'tls' })])).toHaveLength(2);
    expect(grouped([inside, finding({ spike: spike(T - 120 * MINUTE, T - 60 * MINUTE) })])).toHaveLength(2);
  });

  it('inside several networks at one time are one spike with the surest first', () => {
    const a = finding({ where: { network: 'AS1/DE' }, spike: spike(T, null, { pValue: 1e-10 }) });
    const b = finding({ where: { network: 'AS2/FR' }, spike: spike(T + MINUTE, null, { pValue: 1e-30 }) });
    const [one, ...more] = grouped([a, b]);
    expect(more).toEqual([]);
    expect(one?.parts.map((p) => p.where)).toEqual([{ network: 'AS2/FR' }, { network: 'AS1/DE' }]);
    expect(grouped([a])[0]?.where).toEqual({ network: 'AS1/DE' });
  });

  it('come from a sparse place only with what its share of the whole lets expect', () => {
    const failures = [...Array<number>(200).fill(0), 1, 1, 1, 1];
    const place = {
      project: 'shop',
      host: 'a',
      kind: 'dns',
      where: { network: 'AS1/DE' },
      series: { startMs: T, binMs: 60_000, failures },
    };
    const options = { minFailing: 1, falseAlarmsPerWeek: 1e-4 };
    expect(look(place, options, T).findings).toEqual([]);
    const placed = withPrior(place, 1 / 60, 1e-4);
    expect(placed === undefined ? [] : look(placed, options, T).findings).toHaveLength(1);
    expect(withPrior(place, undefined, 1e-4)).toBeUndefined();
  });
});

describe('a new name', () => {
  const judged = (failures: number[]) => {
    const series = { startMs: T, binMs: 60_000, failures };
    return { series, walked: walk(series) };
  };
  const before = Array.from({ length: 200 }, (_, i) => 2 + (i % 3));
  const rise = spike(T + 200 * MINUTE, null, { excess: 80 });
  const never = () => ({ spikes: [], siblings: [] });

  it('is no spike: what one kind gains another loses', () => {
    expect(isRenamed(rise, [{ ...judged([...before, ...Array<number>(30).fill(0)]), inProject: never }])).toBe(true);
  });
  it('is not what happens when nothing else becomes rarer', () => {
    expect(isRenamed(rise, [{ ...judged([...before, ...before.slice(0, 30)]), inProject: never }])).toBe(false);
    expect(isRenamed(rise, [])).toBe(false);
  });
  it('shows at all hosts of a project where one has too few failures to tell', () => {
    const few = Array.from({ length: 200 }, (_, i) => (i % 5 === 0 ? 1 : 0));
    const [lost, kept] = [judged([...few, ...Array<number>(12).fill(0)]), judged([...few, ...few.slice(0, 12)])];
    const risen = judged([...Array<number>(200).fill(0), ...few.slice(0, 12)]);
    const small = spike(T + 200 * MINUTE, null, { excess: 3 });
    const all = (one: typeof lost) => ({ ...lost, inProject: () => ({ spikes: Array(8).fill(risen), siblings: Array(8).fill(one) }) });
    expect(isRenamed(small, [all(lost)])).toBe(true);
    expect(isRenamed(small, [all(kept)])).toBe(false);
    expect(isRenamed({ ...small, excess: 12 }, [all(lost)])).toBe(false);
  });
});

describe('life of a spike', () => {
  it('is adopted by its key while open and for 15 minutes after', () => {
    expect(adopt(group(), '', [record()])?.id).toBe('b');
    expect(adopt(group(), '', [record({ startedMs: T - 30 * MINUTE, endedMs: T - 10 * MINUTE })])?.id).toBe('b');
    expect(adopt(group(), '', [record({ startedMs: T - 60 * MINUTE, endedMs: T - 20 * MINUTE })])).toBeUndefined();
    expect(adopt(group({ host: 'other' }), '', [record()])).toBeUndefined();
  });

  it('keeps its key when its place changes, and prefers the same key', () => {
    const inNetwork = record({ id: 'n', scope: 'network=AS1/DE' });
    expect(adopt(group(), '', [inNetwork])?.id).toBe('n');
    expect(adopt(group(), '', [inNetwork, record()])?.id).toBe('b');
    expect(adopt(group({ where: { network: 'AS2/FR' } }), 'network=AS2/FR', [inNetwork])?.id).toBe('n');
    const over = { ...inNetwork, state: 'closed' as const, startedMs: T - 30 * MINUTE, endedMs: T - 10 * MINUTE };
    expect(adopt(group({ where: { network: 'AS2/FR' } }), 'network=AS2/FR', [over])).toBeUndefined();
    expect(adopt(group({ where: { network: 'AS1/DE' } }), 'network=AS1/DE', [record()])?.id).toBe('b');
  });

  it('that lost a race hides no later one of its key, although nobody closes it', () => {
    const won = record({ id: 'a', endedMs: T + MINUTE });
    const lost = record({ id: 'b' });
    const later = record({ id: 'c', startedMs: T + 60 * MINUTE });
    const { kept, beaten } = merge([later, lost, won]);
    expect(kept.map((r) => r.id)).toEqual(['c', 'a']);
    expect(kept[1]?.endedMs).toBe(T + MINUTE);
    expect(beaten.map(mergedInto)).toMatchObject([{ id: 'b', state: 'merged', life: { mergedInto: 'a' } }]);
  });

  it('of two that race for one key the lowest id wins, and ids tell nothing of the key', () => {
    const told = (id: string, toldMs: number, label: string, extra: Partial<SpikeRecord> = {}): SpikeRecord =>
      record({ id, life: { ...newLife(toldMs, true), label }, ...extra });
    // Two analyzers name the place differently, each by what it knew: the one that told first is what was told.
    const racing = [told('c', T, 'everywhere'), told('a', T + 1_000, 'network=AS1/DE', { startedMs: T + MINUTE, scope: 'network=AS1/DE' })];
    for (const records of [racing, [...racing].reverse()]) {
      const { kept } = merge([...records, record({ id: 'b', host: 'other' })]);
      expect(kept.map((r) => r.id)).toEqual(['a', 'b']);
      expect(kept[0]).toMatchObject({ startedMs: T, scope: 'network=AS1/DE', life: { toldMs: T, label: 'everywhere' } });
    }
    expect(merge([record({ id: 'c', endedMs: T + MINUTE }), record({ id: 'a', startedMs: T + 60 * MINUTE })]).kept).toHaveLength(2);
    const key = { project: 'shop', host: 'a', kind: 'dns', scope: '' };
    expect(spikeId(key, T)).toBe(spikeId(key, T + 20_000));
    expect(spikeId(key, T)).not.toBe(spikeId({ ...key, kind: 'tls' }, T));
    expect(spikeId(key, T)).toMatch(/^[0-9a-f]{16}$/);
    // Else whoever knows project, host, kind and start could try every network and learn which one is hidden.
    expect(spikeId(key, T, Buffer.alloc(32))).not.toBe(spikeId(key, T));
  });

  it('is not looked at again once it is stored as closed', () => {
    const over = group({ spike: spike(T, T + MINUTE) });
    expect(finished(over, [record({ endedMs: T + MINUTE })])?.id).toBe('b');
    expect(finished(over, [record()])).toBeUndefined();
    expect(finished(over, [record({ endedMs: T + MINUTE - 10_000 })])).toBeUndefined();
    expect(finished(group(), [record({ endedMs: T + MINUTE })])).toBeUndefined();
    // Judged by less of its past it may begin later, or be named by another place.
    expect(finished({ ...over, where: { network: 'AS1/DE' } }, [record({ endedMs: T + MINUTE, scope: 'network=AS2/FR' })])?.id).toBe('b');
  });

  it('ends when nobody has found it for five minutes', () => {
    expect(endUnseen([record()], new Set(), T + 4 * MINUTE)).toEqual([]);
    expect(endUnseen([record()], new Set(), T + 6 * MINUTE)).toMatchObject([{ endedMs: T }]);
    expect(endUnseen([record()], new Set(['b']), T + 6 * MINUTE)).toEqual([]);
    expect(notExamined([record()], [], [], T + 6 * MINUTE)).toMatchObject([{ endedMs: T, state: 'closed' }]);
    // Of what was found and waits for its turn it is not known that it has ended.
    expect(notExamined([record()], [], [group()], T + 6 * MINUTE)).toMatchObject([{ endedMs: null, state: 'open' }]);
    for (const other of [group({ host: 'b' }), group({ spike: spike(T - 60 * MINUTE, T - 50 * MINUTE) })])
      expect(notExamined([record()], [], [other], T + 6 * MINUTE)).toMatchObject([{ endedMs: T }]);
  });

  it('is closed after five quiet minutes, or fifteen once it has come back, and never within five minutes of being told', () => {
    const over = record({ startedMs: T - 60 * MINUTE, endedMs: T, life: newLife(T - 50 * MINUTE, true) });
    const state = (r: SpikeRecord, minutes: number): string => phaseOf(settled(r, undefined, T + minutes * MINUTE));
    expect([state(over, 4), state(over, 5)]).toEqual(['recovering', 'closed']);
    const again = { ...over, life: { ...over.life, reopened: 1 } };
    expect([state(again, 14), state(again, 15)]).toEqual(['recovering', 'closed']);
    const justTold = { ...over, life: newLife(T + 3 * MINUTE, true) };
    expect([state(justTold, 7), state(justTold, 8)]).toEqual(['recovering', 'closed']);
    // Found when it was long over: told to nobody, so nothing has to stay open.
    expect(state({ ...over, life: newLife(T + 60 * MINUTE, false) }, 60)).toBe('closed');
  });

  it('survives storage, and a document of another form is left out', () => {
    const closed = record({ state: 'closed', endedMs: T + MINUTE, version: 5 });
    const row = rowOf({ ...closed, version: 4 }, 5);
    expect(recordOf(row)).toEqual(closed);
    const quiet = settled(record({ endedMs: T }), undefined, T + MINUTE);
    expect(rowOf(quiet, 5)).toMatchObject({ state: 'recovering', ended_at: T / 1000 });
    expect(recordOf(rowOf(quiet, 5))).toMatchObject({ state: 'open', endedMs: T });
    expect(recordOf({ ...row, document: '{}' })).toBeUndefined();
    expect(recordOf({ ...row, document: 'no JSON' })).toBeUndefined();
    const { life, ...before } = JSON.parse(row.document) as { life: unknown };
    expect(life).toBeDefined();
    expect(recordOf({ ...row, document: JSON.stringify(before) })).toMatchObject({ state: 'closed', life: { reopened: 0 } });
  });

  it('is written the same by the same round again, and above what was read by an analyzer whose clock is behind', () => {
    expect(rowOf(record(), 7_000)).toEqual(rowOf(record(), 7_000));
    expect(rowOf(record({ version: 27_000 }), 7_000).version).toBe('27001');
  });
});
