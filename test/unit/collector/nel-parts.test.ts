/** Reports as Chromium posts them: how they are read, which are repeats, and how their senders are numbered. */
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { nelClients } from '../../../collector/src/nel/clients.js';
import { readNelReports } from '../../../collector/src/nel/read-reports.js';
import { nelRepeats } from '../../../collector/src/nel/repeats.js';
import { report } from './nel-report.js';
import { HOST } from './sealed.js';

describe('the reader', () => {
  const hosts = new Set([HOST]);
  const read = (value: unknown) => readNelReports(Buffer.from(JSON.stringify(value)), hosts, 1_790_000_000_000);

  it('says how sure a type is, and that one which hides the cause says nothing', () => {
    for (const [type, pct] of [
      ['tcp.refused', 100],
      ['dns.address_changed', 0],
      ['abandoned', 0],
    ] as const)
      expect(read([report({ type })])?.reports[0]?.failure.confidence_pct).toBe(pct);
  });

  it('counts one that is nested deeper than a program can go as invalid, and keeps the others', () => {
    const depth = 60_000;
    const deep = JSON.stringify(report()).replace('"PATCH"', '['.repeat(depth) + ']'.repeat(depth));
    const bytes = Buffer.from(`[${deep},${JSON.stringify(report())}]`);
    const read = readNelReports(bytes, new Set([HOST]), 1_800_000_000_000);
    expect(read?.reports).toHaveLength(1);
    expect(read?.outcomes).toEqual(new Map([['invalid', 1]]));
  });

  it('refuses values out of their bounds, each counted', () => {
    const wrong = [
      7,
      null,
      report({ phase: 'lookup' }),
      report({ type: 'DROP TABLE' }),
      report({ type: 'a'.repeat(61) }),
      report({ status_code: 999 }),
      report({ sampling_fraction: 0 }),
      report({ elapsed_time: -1 }),
      report({}, { age: -1 }),
      report({}, { url: `http://${HOST}/` }),
      report({}, { url: 'no address' }),
      report({}, { body: [] }),
    ];
    expect(read(wrong)?.outcomes).toEqual(new Map([['invalid', wrong.length]]));
    expect(read([report({}, { age: 172_800_001 })])?.outcomes).toEqual(new Map([['too_old', 1]]));
  });

  it('never throws, whatever is posted', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        const { reports = [] } = readNelReports(Buffer.from(text), hosts, 0) ?? {};
        return reports.length <= 100;
      }),
    );
    fc.assert(
      fc.property(
        fc.array(fc.record({ type: fc.constant('network-error'), body: fc.object(), url: fc.webUrl(), age: fc.double() })),
        (list) => {
          expect(() => read(list)).not.toThrow();
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('repeats', () => {
  const [seen] = readNelReports(Buffer.from(JSON.stringify([report()])), new Set([HOST]), 0)?.reports ?? [];
  if (seen === undefined) throw new Error('not read');
  const at = (occurredAtMs: number) => ({ ...seen, occurredAtMs });

  it('are found only in later uploads, each standing for one, and only from the same prefix', () => {
    const repeats = nelRepeats(10);
    const twice = [at(0), at(0)];
    expect(repeats.sift('a', twice, 0)).toMatchObject({ fresh: twice, repeats: 0 });
    repeats.remember('a', twice, 0);
    expect(repeats.sift('a', [at(900), at(-900), at(100)], 60_000)).toMatchObject({ repeats: 2 });
    expect(repeats.sift('a', [at(1_100)], 60_000)).toMatchObject({ repeats: 0 });
    expect(repeats.sift('b', twice, 60_000)).toMatchObject({ repeats: 0 });
  });

  it('are forgotten after twenty minutes, and the oldest beyond the capacity', () => {
    const repeats = nelRepeats(2);
    repeats.remember('a', [at(0)], 0);
    expect(repeats.sift('a', [at(0)], 20 * 60_000)).toMatchObject({ repeats: 0 });
    for (const prefix of ['b', 'c', 'd']) repeats.remember(prefix, [at(0)], 1);
    expect(repeats.size()).toBe(2);
  });
});

describe('the numbers of senders', () => {
  it('are one per prefix and day, share the first 16 bits of a run, and never outnumber the prefixes', () => {
    const clients = nelClients(2);
    const day = 20_700 * 86_400_000;
    const [a, b] = [clients.numberOf('a', day), clients.numberOf('b', day)];
    expect(clients.numberOf('a', day + 1_000)).toBe(a);
    expect(a).not.toBe(b);
    expect(a >> 48n).toBe(b >> 48n);
    // Beyond the capacity all share one.
    expect(clients.numberOf('c', day)).toBe(clients.numberOf('d', day));
    expect(clients.numberOf('a', day + 86_400_000)).not.toBe(a);
  });
});
