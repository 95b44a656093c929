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

  it('does not lay names that one network alone cannot resolve on errors of the server, nor take these for support', () => {
    const v = pair(spike({ kind: 'dns' }), metrics([1000, 200]));
    expect(v).toMatchObject({ verdict: 'outside', uncorroborated: true });
    expect(v.because[0]).toMatch(/rose too.*fault of its own/);
    expect(v.wouldChange).toContain('The same failures from other networks.');
    expect(pair(spike({ kind: 'dns', networksFailing: 2 }), metrics([1000, 200])).verdict).toBe('inside');
    expect(pair(spike({ kind: 'dns', place: {} }), metrics([1000, 200])).verdict).toBe('inside');
    expect(pair(spike({ kind: 'http' }), metrics([1000, 200]))).toMatchObject({ verdict: 'inside', uncorroborated: false });
  });

  it('tells how long before the failures a deploy came', () => {
    const words = (minutesBefore: number) => pair(spike({ deploys: [{ minutesBefore, release: '' }] }), null).because.join(' ');
    expect([0, 1, 4].map((n) => /came (.*) before the failures/.exec(words(n))?.[1])).toEqual([
      'less than a minute',
      '1 minute',
      '4 minutes',
    ]);
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

  it('calls a spike of one network uncorroborated until a dip, errors of the server or a second network support it', () => {
    expect(pair(spike(), metrics([1000, 1])).uncorroborated).toBe(true);
    expect(pair(spike({ share: 0.4 }), metrics([600, 1])).uncorroborated).toBe(false);
    expect(pair(spike(), metrics([1000, 200])).uncorroborated).toBe(false);
    expect(pair(spike({ networksFailing: 2 }), metrics([1000, 1])).uncorroborated).toBe(false);
    expect(pair(spike({ place: {} }), metrics([1000, 1])).uncorroborated).toBe(false);
  });

  it("takes nothing that the network itself tells for support, be it its requests or its browsers' own reports, and names both", () => {
    const attempts = { made: 100, failed: 60, baselineMade: 1000, baselineFailed: 2 };
    const v = pair(spike({ attempts, nel: { now: 30, baseline: 0 } }), metrics([1000, 1]));
    expect(v.uncorroborated).toBe(true);
    expect(v.because.join(' ')).toMatch(/The share of failed requests .* rose too.*Browsers report failures there by themselves too/);
  });

  it("names browsers' own reports when they are three and more than twice as many as before", () => {
    const nel = (now: number, baseline: number) => pair(spike({ nel: { now, baseline } }), metrics([1000, 1])).because.join(' ');
    expect([nel(3, 0), nel(2, 0), nel(6, 4)].map((words) => words.includes('Browsers report'))).toEqual([true, false, false]);
  });

  const probers = (failing: number, now = 3, baselineFailing = 0) => ({ now, failing, baseline: 3, baselineFailing });

  it('says outside without any metrics when one network fails and probers elsewhere reach the host', () => {
    const v = pair(spike({ probers: probers(0) }), null);
    expect(v.verdict).toBe('outside');
    expect(v.because[0]).toContain('Probers elsewhere reach the host');
    expect(v.byProbers).toBe(true);
    expect(pair(spike({ probers: probers(0) }), metrics([1000, 1])).byProbers).toBe(false);
    expect(v.wouldChange).toContain('Probers elsewhere failing too.');
    expect(v.numbers).toMatchObject({ probers: 3, probers_failing: 0, probers_before: 3, probers_failing_before: 0 });
    // That they reach it says nothing where clients fail everywhere; none heard says nothing at all.
    expect(pair(spike({ place: {}, networksFailing: 5, probers: probers(0) }), null).verdict).toBe('undetermined');
    expect(pair(spike({ probers: probers(0, 0) }), null).verdict).toBe('undetermined');
    expect(pair(spike({ probers: probers(0, 0) }), null).numbers.probers).toBeNull();
  });

  it('says inside when probers elsewhere fail with the clients, though the server itself is well', () => {
    const v = pair(spike({ place: {}, networksFailing: 5, probers: probers(3) }), metrics([1000, 1]));
    expect(v.verdict).toBe('inside');
    expect(v.because.join(' ')).toContain('look at what stands in front of it');
    expect(v.wouldChange).toEqual(['Probers elsewhere that reach the host while clients go on failing.']);
    expect(pair(spike({ probers: probers(2) }), metrics([1000, 1])).verdict).toBe('inside');
    // One alone may have a fault of its own, and what failed before is no news.
    const alone = { now: 1, failing: 1, baseline: 1, baselineFailing: 0 };
    expect(pair(spike({ probers: alone }), metrics([1000, 1])).verdict).toBe('outside');
    expect(pair(spike({ place: {}, networksFailing: 5, probers: alone }), metrics([1000, 1])).verdict).toBe('inside');
    expect(pair(spike({ place: {}, networksFailing: 5, probers: probers(3, 3, 3) }), metrics([1000, 1])).verdict).toBe('outside');
  });

  it('takes failing probers, and not those that reach the host, for support of a spike of one network', () => {
    expect(pair(spike({ probers: probers(2) }), metrics([1000, 1])).uncorroborated).toBe(false);
    expect(pair(spike({ probers: probers(0) }), metrics([1000, 1])).uncorroborated).toBe(true);
  });

  it('never takes a dip alone for a fault inside', () => {
    expect(pair(spike({ share: 0.8 }), metrics([200, 0])).verdict).toBe('outside');
  });

  it('decides and corroborates nothing by who merely signs as a prober, unless more of them fail than three prefixes can make up', () => {
    const signed = (beyondForged: number, failing = 3, now = 3) => ({
      signedProbers: { now, failing, baseline: 3, baselineFailing: 0, beyondForged },
    });
    const v = pair(spike(signed(0)), metrics([1000, 1]));
    expect(v).toMatchObject({ verdict: 'outside', uncorroborated: true, numbers: { probers: 3, probers_failing: 3 } });
    expect(pair(spike({ ...signed(0), place: {}, networksFailing: 5 }), metrics([1000, 1])).verdict).toBe('outside');
    expect(pair(spike(signed(1)), metrics([1000, 1]))).toMatchObject({ verdict: 'inside', uncorroborated: false });
    // That they reach the host can be made up by everybody, and says nothing against those that are named.
    expect(pair(spike(signed(5, 0)), null)).toMatchObject({ verdict: 'undetermined', byProbers: false });
    expect(pair(spike({ ...signed(0, 0, 100), probers: probers(2) }), metrics([1000, 1])).verdict).toBe('inside');
  });

  it('says release when a release, and no network, holds the failures', () => {
    expect(pair(spike({ place: { release: '4.2.1' } }), metrics([1000, 1])).verdict).toBe('release');
    expect(pair(spike({ place: { release: '4.2.1', network: 'AS1/DE' } }), metrics([1000, 1])).verdict).toBe('outside');
  });

  it('says local when more clients there are offline themselves', () => {
    expect(pair(spike({ offline: { now: 90, baseline: 1 } }), metrics([1000, 1])).verdict).toBe('local');
    expect(pair(spike({ offline: { now: 41, baseline: 1 } }), metrics([1000, 1])).verdict).toBe('outside');
  });

  it('does not say local where the server or probers tell of a fault inside, however many are offline, and names these', () => {
    const offline = { now: 400, baseline: 1 };
    const failing = { place: {}, networksFailing: 9, failingClients: 300, offline };
    const few = { requests: 1_000_000, errors: 100, seconds: 3600 };
    const errors = pair(spike({ ...failing, kind: 'http' }), metrics([10_000, 5_000], { baseline: few }));
    expect(errors.verdict).toBe('inside');
    expect(errors.because.join(' ')).toMatch(/share of errors rose.*their own connection is down: look at that as well/);
    expect(pair(spike({ ...failing, probers: probers(3) }), metrics([1000, 1])).verdict).toBe('inside');
    const slow = { latencyS: { now: 3, baseline: 0.1 } };
    expect(pair(spike(failing), metrics([1000, 1], slow)).verdict).toBe('inside');
    expect(pair(spike(failing), metrics([1000, 1])).verdict).toBe('local');
  });

  it('compares clients that are offline with those that fail as they are counted themselves', () => {
    expect(pair(spike({ offline: { now: 20, baseline: 1, failing: 12 } }), metrics([1000, 1])).verdict).toBe('local');
    expect(pair(spike({ offline: { now: 90, baseline: 1, failing: 200 } }), metrics([1000, 1])).verdict).toBe('outside');
  });

  it('does not say local of clients that are offline no more than chance and the day bring about, however few fail', () => {
    const said = (now: number, baseline: number, stretches?: number) =>
      pair(spike({ failingClients: 12, offline: { now, baseline, ...(stretches !== undefined && { stretches }) } }), metrics([1000, 1]))
        .verdict;
    expect([said(430, 400), said(430, 400, 6), said(4_400, 4_000, 60), said(700, 400, 6)]).toEqual([
      'outside',
      'outside',
      'outside',
      'local',
    ]);
    // What was seen in one stretch alone is known less well than what was seen in sixty.
    expect([said(30, 12, 1), said(30, 12, 60)]).toEqual(['outside', 'local']);
    for (const wrong of [NaN, Infinity, -1]) {
      expect([said(wrong, 1), said(90, wrong), said(90, 1, wrong)]).toEqual(['outside', 'outside', 'outside']);
    }
  });

  it('says inside when clients everywhere refuse the certificate, though the server counts no error', () => {
    expect(pair(spike({ kind: 'tls', type: 'tls.cert.date_invalid', place: {}, networksFailing: 9 }), metrics([100, 0])).verdict).toBe(
      'inside',
    );
    expect(pair(spike({ kind: 'tls', type: 'tls.cert.authority_invalid' }), metrics([1000, 1])).verdict).toBe('outside');
  });

  it('says inside when the server is slow or full by its own measure, unless one network holds the failures', () => {
    const slow = { latencyS: { now: 0.9, baseline: 0.2 } };
    const full = { saturation: { now: 0.97, baseline: 0.5 } };
    expect(pair(spike({ place: {} }), metrics([1000, 1], slow)).verdict).toBe('inside');
    expect(pair(spike({ place: {} }), metrics([1000, 1], full)).verdict).toBe('inside');
    expect(pair(spike(), metrics([1000, 1], slow)).verdict).toBe('outside');
    expect(pair(spike({ place: {}, kind: 'dns' }), metrics([1000, 1], slow)).verdict).toBe('outside');
    expect(pair(spike({ place: {} }), metrics([1000, 1], { latencyS: { now: 0.05, baseline: 0.01 } })).verdict).toBe('outside');
  });

  it('sets a deploy and missed collectors beside the verdict without resting on them', () => {
    const path = { told: 20, failed: 12, baselineTold: 100, baselineFailed: 2 };
    const v = pair(spike({ deploys: [{ minutesBefore: 4, release: '2.0' }], path }), metrics([1000, 1]));
    expect(v.verdict).toBe('outside');
    expect(v.uncorroborated).toBe(true);
    expect(v.because.join(' ')).toMatch(/A deploy of your own came 4 minutes before.*missed collectors on other networks/);
    expect(v.numbers).toMatchObject({ minutes_since_deploy: 4, collectors_missed_share: 0.6 });
  });

  it('survives any numbers and names a runbook', () => {
    const n = fc.oneof(fc.nat(), fc.constantFrom(NaN, -1, Infinity, 0));
    const counts = fc.record({ requests: n, errors: n, seconds: n });
    const gauge = fc.record({ now: n, baseline: n });
    const server = fc.record({ now: counts, baseline: counts, fresh: fc.constant(true), levelSd: n, latencyS: gauge, saturation: gauge });
    const seen = { now: n, failing: n, baseline: n, baselineFailing: n };
    const clients = fc.record({
      networksFailing: n,
      failingClients: n,
      expectedClients: n,
      share: n,
      offline: fc.record({ now: n, baseline: n, stretches: n, failing: n }),
      nel: gauge,
      probers: fc.record(seen),
      signedProbers: fc.record({ ...seen, beyondForged: n }),
      attempts: fc.record({ made: n, failed: n, baselineMade: n, baselineFailed: n }),
      path: fc.record({ told: n, failed: n, baselineTold: n, baselineFailed: n }),
      deploys: fc.array(fc.record({ minutesBefore: n, release: fc.constant('') }), { maxLength: 2 }),
    });
    fc.assert(
      fc.property(clients, server, (told, measured) => {
        const v = pair(spike(told), measured);
        expect(v.runbook).toBe(`runbooks/${v.verdict}.md#timeout`);
        expect(Object.values(v.numbers).every((x) => x === null || (Number.isFinite(x) && x >= 0))).toBe(true);
      }),
    );
  });

  it('takes no number that cannot be for support', () => {
    for (const wrong of [NaN, Infinity, -3]) {
      expect(pair(spike({ networksFailing: wrong }), metrics([1000, 1])).uncorroborated).toBe(true);
      const made = { now: wrong, failing: wrong, baseline: 3, baselineFailing: 0 };
      expect(pair(spike({ probers: made }), metrics([1000, 1])).verdict).toBe('outside');
      expect(pair(spike({ signedProbers: { ...made, beyondForged: 9 } }), metrics([1000, 1])).verdict).toBe('outside');
      expect(pair(spike({ failingClients: wrong }), null).numbers.failing_clients).toBe(0);
    }
    expect(pair(spike({ probers: { now: 1, failing: 5, baseline: 3, baselineFailing: 0 } }), metrics([1000, 1])).verdict).toBe('outside');
  });
});

describe('a server that counts nothing, or too little', () => {
  it('does not call the share of errors usual where the server counted no request at all', () => {
    const v = pair(spike({ place: {} }), metrics([0, 0]));
    expect(v.verdict).toBe('undetermined');
    expect(v.because.join(' ')).toMatch(/counted no request at all/);
    expect(v.because.join(' ')).not.toMatch(/usual level/);
    expect(v.numbers.request_dip).toBe(1);
  });

  it('calls counts that cannot be true missing, not usual', () => {
    const v = pair(spike(), metrics([NaN, 3]));
    expect(v.verdict).toBe('undetermined');
    expect(v.because).toContain('The server metrics are missing or too old to be compared, so the side of the fault cannot be told.');
  });

  it('does not call four errors of four requests usual', () => {
    expect(pair(spike(), metrics([4, 4])).verdict).toBe('undetermined');
    expect(pair(spike(), metrics([4, 0])).verdict).toBe('outside');
    expect(pair(spike({ place: {} }), metrics([12, 12])).verdict).toBe('inside');
  });

  it('tells how slow and how full it is without requests as well', () => {
    const none = { now: { requests: 0, errors: 0, seconds: 0 }, baseline: { requests: 0, errors: 0, seconds: 0 } };
    const slow = { latencyS: { now: 30, baseline: 0.1 } };
    expect(pair(spike({ place: {} }), metrics([0, 0], { ...none, ...slow })).verdict).toBe('inside');
    const well = pair(spike({ place: {} }), metrics([0, 0], { ...none, latencyS: { now: 0.1, baseline: 0.1 } }));
    expect(well.verdict).toBe('undetermined');
    expect(well.because.join(' ')).toMatch(/only its latency or load was told lately, and no requests/);
    // What is too old says nothing.
    expect(pair(spike({ place: {} }), metrics([0, 0], { ...none, ...slow, fresh: false })).verdict).toBe('undetermined');
  });

  it('says that too few were counted before, where that is why', () => {
    const v = pair(spike(), metrics([1, 1], { baseline: { requests: 3, errors: 0, seconds: 3600 } }));
    expect(v.because.join(' ')).toMatch(/too few requests before/);
  });

  it('names the one prober that fails, and asks for more of them', () => {
    const v = pair(spike({ probers: { now: 1, failing: 1, baseline: 1, baselineFailing: 0 } }), metrics([990, 1]));
    expect(v.verdict).toBe('outside');
    expect(v.because.join(' ')).toMatch(/One prober elsewhere fails too/);
    expect(v.wouldChange).toContain('More than one prober elsewhere failing.');
  });
});
