/** Requests that are missing support the clients' reports only where both tell the same. */
import { describe, expect, it } from 'vitest';
import { pair } from '../../../analyzer/src/pair/pair.js';
import type { ServerEvidence, SpikeEvidence } from '../../../analyzer/src/pair/verdict.js';
import { serverEvidence } from '../../../analyzer/src/server-metrics/server-evidence.js';
import { storedName } from '../../../analyzer/src/server-metrics/stored-name.js';

const spike = (extra: Partial<SpikeEvidence> = {}): SpikeEvidence => ({
  kind: 'timeout',
  place: { network: 'AS3320/DE' },
  share: 0.2,
  networksFailing: 1,
  failingClients: 40,
  expectedClients: 0.3,
  ...extra,
});
const HOUR = { requests: 600_000, errors: 60, seconds: 3_600 };
/** The share of the usual requests that is missing in ten minutes. */
const metrics = (missing: number): ServerEvidence => ({
  now: { requests: 100_000 * (1 - missing), errors: 10, seconds: 600 },
  baseline: HOUR,
  fresh: true,
  levelSd: 0.02,
});

describe('a dip of requests and reports of clients', () => {
  it('support a spike together where the dip is as large as the share of the place', () => {
    const v = pair(spike(), metrics(0.18));
    expect(v).toMatchObject({ verdict: 'outside', uncorroborated: false });
    expect(v.because.join(' ')).toContain('The server also gets fewer requests than before');
    expect(v.numbers.request_dip).toBeCloseTo(0.18, 6);
    expect(v.numbers.request_dip_most).toBe(0.4);
  });

  it('support nothing where the place is too small to take so much away, and then the side of the fault is left open', () => {
    const v = pair(spike({ share: 0.02 }), metrics(0.3));
    expect(v).toMatchObject({ verdict: 'undetermined', uncorroborated: true });
    expect(v.because.join(' ')).toMatch(/Far more requests are missing/);
    // A little more than the place has is neither.
    expect(pair(spike({ share: 0.02 }), metrics(0.09))).toMatchObject({ verdict: 'outside', uncorroborated: true });
    // Everywhere is everything.
    expect(pair(spike({ share: 1, place: {} }), metrics(0.6)).verdict).toBe('outside');
  });

  it('support nothing where far less is missing than the clients tell', () => {
    const attempts = { made: 400, failed: 390, baselineMade: 4_000, baselineFailed: 4 };
    expect(pair(spike({ share: 0.6, attempts }), metrics(0.5)).uncorroborated).toBe(false);
    expect(pair(spike({ share: 0.6, attempts }), metrics(0.07)).uncorroborated).toBe(true);
  });

  it('support nothing without each other, nor where the share of the place is not known', () => {
    expect(pair(spike(), metrics(0)).uncorroborated).toBe(true);
    expect(pair(spike({ failingClients: 3, expectedClients: 4 }), metrics(0.18)).uncorroborated).toBe(true);
    // 0 is no share.
    expect(pair(spike({ share: 0 }), metrics(0.18))).toMatchObject({ verdict: 'outside', uncorroborated: true });
  });
});

describe('a request rate that falls through the evening', () => {
  /** Requests counted every 10 s; the rate is 1,000 a second before `fromS` and falls by `perHour` of it from then on. */
  const evening = (perHour: number, untilS: number) => {
    let total = 0;
    return Array.from({ length: untilS / 10 }, (_, i) => {
      const hours = Math.max(0, (i * 10 - 1_800) / 3_600);
      total += 10_000 * (1 - perHour * hours) * (1 + 0.03 * Math.sin(i * 7.3));
      return { name: storedName('requests', '2xx', 'a', 'p'), time: i * 10, value: total };
    });
  };

  it('corroborates no spike of one network, however long it lasts and however large the network is', () => {
    for (const hours of [0.5, 1, 4]) {
      const endMs = (3_600 + hours * 3_600) * 1000;
      const evidence = serverEvidence(evening(0.15, endMs / 1000), { startMs: 3_600_000, endMs });
      for (const share of [0.02, 0.3]) {
        const v = pair(spike({ share }), evidence);
        expect.soft([hours, share, v.verdict, v.uncorroborated]).toEqual([hours, share, 'outside', true]);
      }
    }
  });

  it('does not hide the dip of an outage in its first half hour', () => {
    const rows = evening(0, 9_000).map((row) => ({ ...row, value: row.time > 3_600 ? row.value - (row.time - 3_600) * 300 : row.value }));
    const evidence = serverEvidence(rows, { startMs: 3_600_000, endMs: 9_000_000 });
    expect(evidence.dip?.now.seconds).toBe(1_800);
    expect(pair(spike({ share: 0.3 }), evidence).uncorroborated).toBe(false);
  });
});
