import { describe, expect, it } from 'vitest';
import { History } from '../../../analyzer/src/watch/history.js';
import { Loads } from '../../../analyzer/src/watch/load.js';
import { Shares } from '../../../analyzer/src/watch/shares.js';

const T = Date.UTC(2026, 0, 5) / 1000;
const HOUR = 3_600;

/** An hour with 10 attempts a second, whole by its end, and a server with 200 requests a second. */
function quietHour(): Loads {
  const loads = new Loads();
  for (let at = T; at < T + HOUR; at += 300) loads.setAttempts('shop', 'a', at, 3_000);
  for (let at = T + 30; at <= T + HOUR; at += 30) loads.addRequests('shop', 'a', at, 30, 6_000);
  return loads;
}
const at = (loads: Loads, fromS: number, nowS: number, bins = 6): number[] | undefined =>
  loads.exposure('shop', 'a', fromS * 1000, 10_000, bins, nowS * 1000);

describe('the load of a host', () => {
  it('is its attempts, where they are whole', () => {
    expect(at(quietHour(), T + 600, T + HOUR)).toEqual(Array(6).fill(10));
  });

  it('rises with the requests of the server at once, when a crowd comes whose attempts are not known yet', () => {
    const loads = quietHour();
    for (let s = T + HOUR + 30; s <= T + HOUR + 120; s += 30) loads.addRequests('shop', 'a', s, 30, 30_000);
    expect(at(loads, T + HOUR + 60, T + HOUR + 120)?.at(-1)).toBeCloseTo(50, 5);
  });

  it('does not fall with the requests of the server, which an outage keeps away', () => {
    const loads = quietHour();
    for (let s = T + HOUR + 30; s <= T + HOUR + 120; s += 30) loads.addRequests('shop', 'a', s, 30, 0);
    expect(at(loads, T + HOUR + 60, T + HOUR + 120)?.at(-1)).toBe(10);
  });

  it('is at least half of what it was, where attempts do not arrive', () => {
    const loads = quietHour();
    loads.setAttempts('shop', 'a', T + HOUR, 0);
    expect(at(loads, T + HOUR + 60, T + 2 * HOUR)?.at(0)).toBe(5);
  });

  it('takes nothing of a bin before its attempts can have arrived', () => {
    const loads = quietHour();
    loads.setAttempts('shop', 'a', T + HOUR, 30_000);
    expect(at(loads, T + HOUR, T + HOUR + 310)).toEqual(Array(6).fill(10));
    expect(at(loads, T + HOUR, T + HOUR + 631)?.at(-1)).toBe(100);
  });

  it('counts sampling, as the weights of the reports tell it', () => {
    const loads = quietHour();
    loads.addReports('shop', T + 600, 5, 20);
    expect(at(loads, T + 540, T + HOUR, 12)).toEqual([...Array<number>(6).fill(10), ...Array<number>(6).fill(2.5)]);
  });

  it('is the same for the loop after somebody looked at an old stretch, whose last bin is not all that follows', () => {
    const loads = quietHour();
    for (let s = T + HOUR; s < T + 2 * HOUR; s += 300) loads.setAttempts('shop', 'a', s, 30_000);
    const nowMs = (T + 2 * HOUR + 700) * 1000;
    const loop = (startS: number, bins: number, ms = nowMs) => loads.exposureUntilNow('shop', 'a', startS * 1000, 10_000, bins, ms);
    const judged = loop(T + HOUR - 10, 3);
    expect(judged).toEqual([10, 100, 100]);
    // Even by way of the loop's own memory.
    expect(loop(T + 600, 2)).toEqual([10, 10]);
    expect(loop(T + HOUR - 10, 3)).toEqual(judged);
    // Bins that came about in the same half minute are as the last one; more of them are worked out.
    expect(loop(T + HOUR - 10, 6, nowMs + 1)).toEqual([10, 100, 100, 100, 100, 100]);
    loop(T + HOUR - 60, 3);
    expect(loop(T + HOUR - 60, 6)).toEqual(Array(6).fill(10));
    expect(loop(T + HOUR - 60, 7)?.at(-1)).toBe(100);
  });

  it('takes nothing from counts and times that cannot be, and is not held up by a step of ages', () => {
    const loads = quietHour();
    for (const [end, seconds, requests] of [
      [T + 30, 0, 5],
      [T + 30, 30, NaN],
      [T + 30, 30, Infinity],
      [NaN, 30, 5],
      [T + 30, Infinity, 5],
      [T + 30, 30, -5],
    ] as const)
      loads.addRequests('shop', 'b', end, seconds, requests);
    expect(loads.perSecond('shop', 'b', T * 1000, (T + HOUR) * 1000)).toBeUndefined();
    loads.addRequests('shop', 'b', T + HOUR, 1e12, 5e12);
    expect(loads.perSecond('shop', 'b', T * 1000, (T + HOUR) * 1000)).toBeCloseTo(5, 6);
  });

  it('is unknown where nothing was heard', () => {
    expect(at(new Loads(), T, T + HOUR)).toBeUndefined();
    expect(new Loads().perSecond('shop', 'a', T * 1000, (T + HOUR) * 1000)).toBeUndefined();
    expect(quietHour().perSecond('shop', 'a', T * 1000, (T + HOUR) * 1000)).toBe(10);
  });
});

describe('earlier days', () => {
  const of = { project: 'shop', host: 'a', kind: 'dns' };

  it('are used from a day on, and hours without a known load are no data', () => {
    const history = new History();
    for (let h = 0; h < 30; h++) {
      history.addFailures(of, T + h * HOUR, 2);
      if (h !== 3) history.setLoad('shop', 'a', T + h * HOUR, 10);
    }
    expect(history.series(of, (T + 20 * HOUR) * 1000)).toBeUndefined();
    const series = history.series(of, (T + 30 * HOUR) * 1000);
    expect(series?.failures.slice(0, 5)).toEqual([2, 2, 2, null, 2]);
    expect(series?.exposure?.[4]).toBe(10);
    expect(series?.failures).toHaveLength(30);
  });
});

describe('the shares of places', () => {
  it('are of the clients heard, never nothing, and can be taken back', () => {
    const shares = new Shares();
    const big = { project: 'shop', dimension: 'network', value: 'AS1/DE', clients: 99 };
    shares.add(big, 1);
    shares.add({ ...big, value: 'AS2/FR', clients: 1 }, 1);
    expect(shares.shareOf('shop', { network: 'AS1/DE' })).toBeCloseTo(0.98, 2);
    expect(shares.shareOf('shop', { network: 'AS3/US' })).toBeGreaterThan(0);
    expect(shares.shareOf('shop', {})).toBe(1);
    shares.add(big, -1);
    expect(shares.valuesOf('shop', 'network')).toBe(1);
  });
});
