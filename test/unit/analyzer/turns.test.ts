/** More goes wrong at once than one round can examine: real examinations on rows in memory, round by round. */
import { describe, expect, it } from 'vitest';
import { Examined } from '../../../analyzer/src/backtest/examined.js';
import { Memory } from '../../../analyzer/src/backtest/memory.js';
import { examine } from '../../../analyzer/src/watch/examine.js';
import type { Finding, Group } from '../../../analyzer/src/watch/find.js';
import { notExamined } from '../../../analyzer/src/watch/lifecycle.js';
import type { SpikeRecord } from '../../../analyzer/src/watch/spike-record.js';
import { Turns } from '../../../analyzer/src/watch/turns.js';

const START = Date.UTC(2026, 0, 5, 12);
const MINUTE = 60_000;

const group = (host: string, pValue: number, startMs = START): Group => ({
  project: 'shop',
  host,
  kind: 'dns',
  where: {},
  spike: { startMs, endMs: null, failures: 50, expected: 0.1, excess: 50, peak: 10, pValue, foundMs: startMs },
  parts: [],
});
const hosts = (n: number, name = 'h'): string[] => Array.from({ length: n }, (_, i) => `${name}${i}`);
const taken = (turns: Turns, groups: readonly Group[]): string[] => turns.take(groups).now.map(({ host }) => host);

describe('turns', () => {
  it('are had by all, the surest first, where all fit into a round', () => {
    const turns = new Turns();
    const groups = hosts(20).map((host, i) => group(host, 10 ** -((i * 7) % 20)));
    const surest = [...groups].sort((a, b) => a.spike.pValue - b.spike.pValue).map(({ host }) => host);
    for (let round = 0; round < 3; round++) expect(taken(turns, groups)).toEqual(surest);
    expect(turns.take(groups).waiting).toEqual([]);
  });

  it('come round, however sure the others are', () => {
    const turns = new Turns();
    const groups = hosts(50).map((host, i) => group(host, 10 ** -i));
    const seen = new Set([...taken(turns, groups), ...taken(turns, groups), ...taken(turns, groups)]);
    expect(seen.size).toBe(50);
    expect(taken(new Turns(), groups)).toEqual(taken(new Turns(), [...groups].reverse()));
  });

  it('are had at once by what was never examined', () => {
    const turns = new Turns();
    const groups = hosts(50).map((host) => group(host, 1e-30));
    for (let round = 0; round < 4; round++) taken(turns, groups);
    expect(taken(turns, [...groups, group('new', 1e-9)])).toContain('new');
  });

  it('are of a host and kind with all its groups, so that none of them is left out again and again', () => {
    const turns = new Turns();
    const old = (host: string): Group => ({ ...group(host, 1e-5), spike: { ...group(host, 1e-5).spike, startMs: START - 50 * MINUTE, endMs: START - 40 * MINUTE } }); // prettier-ignore
    const groups = hosts(15).flatMap((host) => [group(host, 1e-9), old(host)]);
    const [first, second] = [turns.take(groups), turns.take(groups)];
    expect([first.now.length, first.waiting.length]).toEqual([20, 10]);
    expect(new Set([...first.now, ...second.now]).size).toBe(30);
  });
});

/** At `failing` hosts twelve clients of as many networks fail in every minute; a round each `everyMs`. */
async function rounds(failing: readonly string[], findings: readonly Finding[], count: number, everyMs: number): Promise<SpikeRecord[][]> {
  const memory = new Memory();
  const turns = new Turns();
  const all: SpikeRecord[][] = [];
  let records: SpikeRecord[] = [];
  for (let round = 1; round <= count; round++) {
    const nowMs = START + round * everyMs;
    for (let ms = nowMs - everyMs; ms < nowMs; ms += MINUTE) {
      const at = ms / 1000;
      for (const host of failing)
        for (let n = 0; n < 12; n++)
          memory.take({ row: 'failures', at, arrived: at, project: 'shop', host, kind: 'dns', type: 'dns.failed', network: `AS${n}/DE`, country: 'DE', release: '1', clients: 1, requests: 1 }); // prettier-ignore
    }
    const projects = { shop: { hosts: [...failing], stage: 'production' as const } };
    const deps = { client: memory.client, projects, serverMetrics: [], now: () => nowMs };
    const { changed, waiting } = await examine(findings, records, deps, { turns });
    records = [...changed, ...notExamined(records, changed, waiting, nowMs)];
    all.push(records);
  }
  return all;
}

describe('more than twenty things that go wrong at once', () => {
  it('are all told in two rounds, and none is closed while it lasts, however long its turn is in coming', async () => {
    const failing = hosts(30);
    const findings = failing.map((host, i) => group(host, 10 ** -(10 + i)));
    const told = await rounds(failing, findings, 6, 6 * MINUTE);
    expect(told.map((records) => records.length)).toEqual([20, 30, 30, 30, 30, 30]);
    for (const records of told) expect(records.every((r) => r.endedMs === null && r.state === 'open')).toBe(true);
  });

  it('do not wait for those that never become a spike', async () => {
    // Surer, but of no clients: they would be examined again in every round.
    const findings = [...hosts(40, 'none').map((host) => group(host, 1e-40)), group('real', 1e-10)];
    const told = await rounds(['real'], findings, 3, MINUTE);
    expect(told.at(-1)?.map(({ host }) => host)).toEqual(['real']);
  });
});

describe('findings in a replay', () => {
  it('are due again in the next round where they waited for their turn, however long they made no spike before', () => {
    const findings = [group('a', 1e-9)];
    const dueAfter = (became: 'untold' | 'waits'): boolean => {
      const examined = new Examined();
      for (let nowS = START / 1000; nowS < START / 1000 + 300; nowS += 5)
        if (examined.isDue('a', findings, nowS)) examined.note('a', 'untold', nowS);
      let nowS = START / 1000 + 300;
      while (!examined.isDue('a', findings, nowS)) nowS += 5;
      examined.note('a', became, nowS);
      return examined.isDue('a', findings, nowS + 5);
    };
    expect([dueAfter('waits'), dueAfter('untold')]).toEqual([true, false]);
  });
});
