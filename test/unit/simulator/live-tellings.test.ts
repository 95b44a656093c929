import { describe, expect, it } from 'vitest';
import type { FailuresRow, HistoryRow, ServerRow } from '@outcry/analyzer';
import { endingNow, lastLive, liveTellings } from '../../../cli/src/simulator/live-tellings.js';

const FROM = 1_767_571_200;
const HOUR_S = 3_600;
const NOW_MS = 1_800_000_100_000;
const of = { project: 'shop', host: 'api1.shop.example' };
const place = (network: string, release: string): HistoryRow => ({
  row: 'place', arrived: FROM, project: 'shop', network, country: 'DE', release, clients: 50,
}); // prettier-ignore
const attempts = (made: number, failed: number, network?: string): HistoryRow => ({
  row: 'attempts', at: FROM, arrived: FROM + 610, ...of, made, failed, ...(network !== undefined && { network }),
}); // prettier-ignore
const failure: FailuresRow = {
  row: 'failures', at: FROM + 700, arrived: FROM + 705, ...of, kind: 'dns', type: 'dns.failed', network: 'AS3320/DE', country: 'DE', release: '2', clients: 1, requests: 3,
}; // prettier-ignore
const server: ServerRow = { row: 'server', at: FROM + 30, arrived: FROM + 30, ...of, requests: 600, errors: 2, seconds: 30 };
const rows = [place('AS3320/DE', '2'), place('AS6805/DE', '3'), server, attempts(100, 10), attempts(30, 8, 'AS6805/DE'), failure];

describe('a history as clients tell it', () => {
  const counted: ServerRow[] = [];
  const told = [
    ...liveTellings(rows, {
      clock: endingNow(FROM + HOUR_S, NOW_MS),
      seed: 1,
      sourceOf: (row) => (row === failure ? 'i1 0 2' : undefined),
      onServer: (row) => counted.push(row),
      onIncident: () => undefined,
    }),
  ].map(({ telling }) => telling);
  const attemptsOf = (all: typeof told) =>
    all
      .flatMap((telling) => telling.attempts)
      .reduce((sum, a) => ({ made: sum.made + a.made, failed: sum.failed + a.failed }), { made: 0, failed: 0 });

  it('tells the requests of a host once, those of a network of its own from there', () => {
    expect(attemptsOf(told)).toEqual({ made: 100, failed: 10 });
    expect(told.find(({ attempts: [own] }) => own?.made === 30)).toMatchObject({ network: 'AS6805/DE', release: '3' });
    expect(told.filter((telling) => telling.attempts.length > 0)).toHaveLength(9);
  });

  it('tells of requests that arrived late only what had not been told', () => {
    const late = { ...attempts(140, 14), arrived: FROM + 3_000 } as HistoryRow;
    const options = { clock: endingNow(FROM + HOUR_S, NOW_MS), seed: 1, onIncident: () => undefined };
    expect(attemptsOf([...liveTellings([...rows, late], options)].map(({ telling }) => telling))).toEqual({ made: 140, failed: 14 });
  });

  it('names the address prefix behind a failure, and hands on what servers counted', () => {
    expect(told.filter(({ failures }) => failures.length > 0)).toEqual([
      expect.objectContaining({ network: 'AS3320/DE', source: 'i1 0 2' }),
    ]);
    expect(counted).toEqual([server]);
  });

  it('may let its last hours happen from now on', () => {
    const { toReal } = lastLive(FROM + HOUR_S, NOW_MS, HOUR_S / 2);
    expect(Math.abs(toReal(FROM + HOUR_S / 2) - NOW_MS / 1000)).toBeLessThan(300);
    // Bins of five minutes stay bins.
    expect((toReal(FROM) - FROM) % 300).toBe(0);
  });
});
