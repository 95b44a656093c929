import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pair } from '../../../analyzer/src/pair/pair.js';
import type { ServerEvidence, SpikeEvidence } from '../../../analyzer/src/pair/verdict.js';

const spike = (extra: Partial<SpikeEvidence> = {}): SpikeEvidence => ({
  kind: 'timeout',
  place: { network: 'AS3320/DE' },
  networksFailing: 1,
  failingClients: 40,
  expectedClients: 0.3,
  ...extra,
});
const metrics = (now: [number, number], extra: Partial<ServerEvidence> = {}): ServerEvidence => ({
  now: { requests: now[0], errors: now[1], seconds: 60 },
  baseline: { requests: 60_000, errors: 60, seconds: 3600 },
  fresh: true,
  ...extra,
});

describe('pair', () => {
  it('says outside while the server itself is well', () => {
    const v = pair(spike(), metrics([990, 1]));
    expect(v.verdict).toBe('outside');
    expect(v.because).toContain('The failures lie in one network.');
    expect(v.wouldChange.length).toBeGreaterThan(0);
  });

  it('says inside when the server errors rise with the failures', () => {
    const v = pair(spike({ kind: 'http', place: {} }), metrics([1000, 200]));
    expect(v.verdict).toBe('inside');
    expect(v.numbers.server_error_share).toBe(0.2);
    expect(v.numbers.server_error_share_before).toBe(0.001);
  });

  it('does not take two errors after none for a rise', () => {
    const quiet = { baseline: { requests: 60_000, errors: 0, seconds: 3600 } };
    expect(pair(spike(), metrics([1000, 2], quiet)).verdict).toBe('outside');
  });

  it('says undetermined without metrics, with stale ones, and with hardly any requests before', () => {
    expect(pair(spike(), null).verdict).toBe('undetermined');
    expect(pair(spike(), metrics([1000, 1], { fresh: false })).verdict).toBe('undetermined');
    expect(pair(spike(), metrics([1, 1], { baseline: { requests: 3, errors: 0, seconds: 3600 } })).verdict).toBe('undetermined');
  });

  it('calls a spike of one network uncorroborated until a dip, attempts or a second network support it', () => {
    expect(pair(spike(), metrics([1000, 1])).uncorroborated).toBe(true);
    expect(pair(spike(), metrics([600, 1])).uncorroborated).toBe(false);
    expect(pair(spike({ networksFailing: 2 }), metrics([1000, 1])).uncorroborated).toBe(false);
    expect(pair(spike({ place: {} }), metrics([1000, 1])).uncorroborated).toBe(false);
    const attempts = { made: 100, failed: 60, baselineMade: 1000, baselineFailed: 2 };
    expect(pair(spike({ attempts }), metrics([1000, 1])).uncorroborated).toBe(false);
  });

  it('never takes a dip alone for a fault inside', () => {
    expect(pair(spike(), metrics([200, 0])).verdict).toBe('outside');
  });

  it('says release when a release, and no network, holds the failures', () => {
    expect(pair(spike({ place: { release: '4.2.1' } }), metrics([1000, 1])).verdict).toBe('release');
    expect(pair(spike({ place: { release: '4.2.1', network: 'AS1/DE' } }), metrics([1000, 1])).verdict).toBe('outside');
  });

  it('says local when more clients there are offline themselves', () => {
    expect(pair(spike({ offline: { now: 90, baseline: 1 } }), metrics([1000, 1])).verdict).toBe('local');
  });

  it('says inside when clients everywhere refuse the certificate, though the server counts no error', () => {
    expect(pair(spike({ kind: 'tls', type: 'tls.cert.date_invalid', place: {}, networksFailing: 9 }), metrics([100, 0])).verdict).toBe(
      'inside',
    );
    expect(pair(spike({ kind: 'tls', type: 'tls.cert.authority_invalid' }), metrics([1000, 1])).verdict).toBe('outside');
  });

  it('survives any numbers and names a runbook', () => {
    const n = fc.oneof(fc.nat(), fc.constantFrom(NaN, -1, Infinity, 0));
    const counts = fc.record({ requests: n, errors: n, seconds: n });
    fc.assert(
      fc.property(counts, counts, n, (now, baseline, failingClients) => {
        const v = pair(spike({ failingClients }), { now, baseline, fresh: true });
        expect(v.runbook).toBe(`runbooks/${v.verdict}.md`);
      }),
    );
  });
});
