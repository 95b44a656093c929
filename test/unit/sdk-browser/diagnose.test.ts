/** What pages make of evidence, rule by rule. Long because it is the table of the rules, one case each. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FAILURE_TYPES, KINDS, PHASES } from '@outcry/protocol';
import { diagnose } from '../../../sdk-browser/src/diagnose/diagnose.js';
import { NO_ICE } from '../../../sdk-browser/src/diagnose/evidence.js';
import type { Evidence, IceSeen } from '../../../sdk-browser/src/diagnose/evidence.js';
import { REJECTED } from './seen.js';

const told = (more: Partial<Evidence>): string => {
  const { type, kind } = diagnose({ ...REJECTED, ...more });
  return `${type} ${kind}`;
};
const phase = (more: Partial<Evidence>): string => diagnose({ ...REJECTED, ...more }).phase;
const sureness = (more: Partial<Evidence>): number => diagnose({ ...REJECTED, ...more }).confidence;

/** At 80 ms a round trip; both samples took as many. */
const after = (trips: number, more: Partial<Evidence> = {}): Partial<Evidence> => ({
  roundTrip: { ms: 80, exact: true, tlsTrips: 1.1 },
  elapsedMs: trips * 80,
  probeMs: trips * 80,
  ...more,
});
const NAME_BOUND: Partial<Evidence> = { otherName: 'answered', otherPort: 'failed' };
const PORT_BOUND: Partial<Evidence> = { otherName: 'failed', otherNameMs: 120, otherPort: 'answered' };
const ice = (more: Partial<IceSeen>): Partial<Evidence> => ({ ice: { ...NO_ICE, ...more } });
const FIREFOX: Partial<Evidence> = { engine: 'firefox', trace: 'no_connection', probeTrace: 'no_connection' };
const WAITED: Partial<Evidence> = { how: 'timer', pending: true, elapsedMs: 11_600, probe: 'stalled', probeMs: 3_400 };

describe('what needs no probe', () => {
  it('is a status', () => {
    expect(told({ how: 'answered', statusCode: 503, silent: false })).toBe('http.error http');
  });

  it('is a rule of the page, whatever else failed', () => {
    expect(told({ policy: 'csp', byName: ['silent'], online: false })).toBe('policy.csp blocked');
    expect(told({ policy: 'mixed_content', readBefore: 'nothing' })).toBe('policy.mixed_content blocked');
    expect(sureness({ policy: 'mixed_content', readBefore: 'nothing' })).toBeGreaterThan(0.9);
  });

  it('is hardly a rule against plain HTTP where the browser asks over HTTPS instead', () => {
    expect(sureness({ policy: 'mixed_content', readBefore: 'origin' })).toBe(0.5);
    for (const resource of ['image', 'media'] as const)
      expect(sureness({ policy: 'mixed_content', readBefore: 'nothing', resource })).toBe(0.5);
  });

  it('is a browser that says it is offline', () => {
    expect(told({ online: false })).toBe('client.offline offline');
    expect(told({ online: false, how: 'timer' })).toBe('client.offline offline');
  });

  it('is a body that broke, with the reason where Firefox says it', () => {
    expect(told({ silent: false })).toBe('http.response.invalid http');
    expect(told({ silent: false, sign: 'length' })).toBe('http.response.invalid.content_length_mismatch http');
    expect(told({ silent: false, how: 'timer' })).toBe('abandoned timeout');
    expect(phase({ silent: false, how: 'timer' })).toBe('application');
  });
});

describe('the last mile', () => {
  it('is a dead uplink where no witness answers, surer with two', () => {
    expect(told({ byName: ['silent', 'silent'] })).toBe('client.uplink_dead offline');
    expect(sureness({ byName: ['silent', 'silent'] })).toBeGreaterThanOrEqual(0.9);
    expect(sureness({ byName: ['silent'] })).toBe(0.6);
  });

  it('is a dead resolver where addresses answer and names do not', () => {
    expect(told({ byName: ['silent', 'silent'], byAddress: ['witness'] })).toBe('client.resolver_dead offline');
  });

  it('is a captive portal where something else answers', () => {
    expect(told({ byName: ['stranger', 'silent'] })).toBe('client.captive_portal offline');
  });

  it('is a captive portal where two witnesses and two names are silent, and only another port answers', () => {
    expect(told({ ...PORT_BOUND, byName: ['silent', 'silent'] })).toBe('client.captive_portal offline');
    expect(told({ ...PORT_BOUND, byName: ['silent'] })).toBe('unknown unknown');
    // It may let UDP pass.
    expect(told({ ...PORT_BOUND, ...ice({ lookup: 'resolved' }), byName: ['silent', 'silent'] })).toBe('client.captive_portal offline');
  });

  it('is not to blame while the host, another way to it, or STUN answers', () => {
    const gone = { byName: ['silent', 'silent'] } as const;
    expect(told({ ...gone, probe: 'answered', readBefore: 'nothing' })).toBe('cors.refused cors');
    expect(told({ ...gone, ...NAME_BOUND })).toBe('dns.failed dns');
    expect(told({ ...gone, ...ice({ lookup: 'resolved', tls: 'stood' }) })).toBe('http.failed http');
  });
});

describe('a host that answers right after', () => {
  it('refuses by CORS where nothing of it was read before', () => {
    expect(told({ probe: 'answered', readBefore: 'nothing' })).toBe('cors.refused cors');
    expect(sureness({ probe: 'answered', readBefore: 'nothing', trace: 'connection' })).toBeGreaterThan(0.8);
  });

  it('refuses by CORS where it has never let a request through that needs a preflight, whatever else was read', () => {
    expect(told({ probe: 'answered', readable: 'yes', permission: 'never_had' })).toBe('cors.refused cors');
    expect(told({ probe: 'answered', trace: 'no_connection', permission: 'never_had' })).toBe('cors.refused cors');
    expect(told({ probe: 'answered', readable: 'yes', permission: 'had' })).toBe('unknown unknown');
  });

  it('has an error page without CORS header where this path was read before and cannot be read now', () => {
    expect(told({ probe: 'answered', readable: 'no', trace: 'connection' })).toBe('http.failed http');
  });

  it('has healed where the path can be read again: no outage, and hardly sure', () => {
    expect(told({ probe: 'answered', readable: 'yes', trace: 'connection' })).toBe('unknown unknown');
    expect(sureness({ probe: 'answered', readable: 'yes' })).toBeLessThanOrEqual(0.3);
    expect(told({ probe: 'answered', trace: 'no_connection', readBefore: 'nothing' })).toBe('unknown unknown');
  });

  it('was kept from just this request where that never left the machine', () => {
    expect(told(after(0.02, { probe: 'answered', probeMs: 250 }))).toBe('policy.blocked blocked');
  });

  it('gave an event source an answer that is none, where it can be read', () => {
    expect(told({ probe: 'answered', resource: 'eventsource', sign: 'http', readBefore: 'origin' })).toBe('http.failed http');
    expect(told({ probe: 'answered', resource: 'eventsource', readBefore: 'origin' })).toBe('unknown unknown');
  });

  it('does not make an image a CORS refusal', () => {
    expect(told({ probe: 'answered', readBefore: 'nothing', resource: 'image' })).toBe('unknown unknown');
  });
});

describe('another name that answers', () => {
  it('binds the failure to the name', () => {
    expect(told(NAME_BOUND)).toBe('dns.failed dns');
    expect(sureness(after(0.1, NAME_BOUND))).toBeGreaterThanOrEqual(0.9);
  });

  it('is not sure of the name unless it failed sooner than any way to the host: a filter may reset what names it', () => {
    expect(sureness(NAME_BOUND)).toBe(0.85);
    const bounded = after(0.1, { ...NAME_BOUND, roundTrip: { ms: 80, exact: false, tlsTrips: 1 } });
    expect(told(bounded)).toBe('dns.failed dns');
    expect(sureness(bounded)).toBe(0.85);
  });

  it('blames nobody for a host that never worked in this browser: an extension may forbid it', () => {
    expect(told({ ...NAME_BOUND, readBefore: 'nothing', everReached: false })).toBe('policy.blocked blocked');
    expect(told({ ...NAME_BOUND, readBefore: 'nothing' })).toBe('dns.failed dns');
    const alone = { probe: 'failed', everReached: false, readBefore: 'nothing' } as const;
    expect(told({ ...alone, elapsedMs: 70, probeMs: 4 })).toBe('policy.blocked blocked');
    expect(told({ ...alone, elapsedMs: 70, probeMs: 60 })).toBe('unknown unknown');
    expect(told({ ...alone, elapsedMs: 70, probeMs: 4, everReached: true })).toBe('unknown unknown');
  });

  it('tells a wrong address by a refusal in its time, a strange certificate, or STUN that finds nobody', () => {
    expect(told(after(1.1, NAME_BOUND))).toBe('dns.address_changed dns');
    expect(told(after(2.2, NAME_BOUND))).toBe('dns.address_changed dns');
    expect(told({ ...NAME_BOUND, sign: 'tls' })).toBe('dns.address_changed dns');
    expect(told({ ...NAME_BOUND, ...ice({ lookup: 'silent' }) })).toBe('dns.address_changed dns');
  });

  it('tells an extension where STUN finds the host by that name', () => {
    expect(told({ ...NAME_BOUND, ...ice({ lookup: 'resolved' }) })).toBe('policy.blocked blocked');
  });

  it('tells a handshake that is cut at the name where the other port answers too', () => {
    expect(told({ otherName: 'answered', otherPort: 'answered' })).toBe('tls.failed tls');
    expect(told(after(2.2, { otherName: 'answered', otherPort: 'answered' }))).toBe('tls.cert.name_invalid tls');
    expect(told({ ...FIREFOX, trace: 'connection', probeTrace: 'connection', otherName: 'answered', otherPort: 'answered' })).toBe(
      'http.failed http',
    );
  });
});

describe('a lookup that STUN sees fail', () => {
  it('is a name that does not resolve', () => {
    expect(told(ice({ lookup: 'failed' }))).toBe('dns.name_not_resolved dns');
    expect(sureness(ice({ lookup: 'failed' }))).toBeGreaterThanOrEqual(0.9);
  });
});

describe('another port that answers', () => {
  it('binds the failure to the port, and round trips tell how far it came (Chromium)', () => {
    expect(told(after(1.1, { ...PORT_BOUND, otherNameMs: 90 }))).toBe('tcp.refused routing');
    expect(told(after(2.2, { ...PORT_BOUND, otherNameMs: 178 }))).toBe('tls.cert.invalid tls');
    expect(told(after(4.2, { ...PORT_BOUND, otherNameMs: 340 }))).toBe('tls.failed tls');
    expect(told(after(3.1, { ...PORT_BOUND, otherNameMs: 250 }))).toBe('http.failed http');
    expect(sureness(after(3.1, { ...PORT_BOUND, otherNameMs: 250 }))).toBeGreaterThanOrEqual(0.9);
  });

  it('without round-trip times leaves it unknown (Chromium)', () => {
    expect(told(PORT_BOUND)).toBe('unknown unknown');
  });

  it("with Firefox's trace of a connection, or TLS under TURN, is an answer that is broken", () => {
    expect(told({ ...PORT_BOUND, engine: 'firefox', trace: 'connection' })).toBe('http.failed http');
    expect(told({ ...PORT_BOUND, ...ice({ tls: 'stood' }) })).toBe('http.failed http');
  });

  it('whose kept connection had ended is what a new one meets (Firefox)', () => {
    const kept = after(1.1, { ...PORT_BOUND, ...FIREFOX, trace: 'connection', otherNameMs: 90 });
    expect(told(kept)).toBe('tcp.refused routing');
    expect(sureness(kept)).toBeLessThan(0.7);
  });

  it('with a WebSocket closed by 1015, or TCP but no TLS under TURN, is a handshake', () => {
    expect(told({ ...PORT_BOUND, ...FIREFOX, sign: 'tls' })).toBe('tls.failed tls');
    expect(told({ ...PORT_BOUND, ...ice({ tls: 'failed', tcp: 'accepted' }) })).toBe('tls.failed tls');
    expect(told({ ...PORT_BOUND, ...ice({ tls: 'failed', tcp: 'failed' }) })).toBe('tcp.refused routing');
  });

  it('knows an endless redirect', () => {
    expect(told({ ...PORT_BOUND, redirected: true })).toBe('http.response.redirect_loop http');
  });
});

describe('no way that leads there', () => {
  it('is an unreachable address while witnesses answer', () => {
    expect(told({ otherName: 'failed', otherPort: 'failed' })).toBe('tcp.address_unreachable routing');
    expect(sureness({ otherName: 'failed', otherPort: 'failed' })).toBeLessThan(0.7);
    expect(sureness(after(1.1, { otherName: 'failed', otherPort: 'failed' }))).toBeGreaterThan(0.8);
  });

  it('is a handshake where the times say so: every port may have the same bad certificate', () => {
    expect(told(after(2.2, { otherName: 'failed', otherPort: 'failed' }))).toBe('tls.cert.invalid tls');
  });
});

describe('round trips without landmarks', () => {
  it('tell the stage in Chromium', () => {
    expect(told(after(0.05))).toBe('dns.failed dns');
    expect(told(after(1.2))).toBe('tcp.failed routing');
    expect(told(after(2.2))).toBe('tls.cert.invalid tls');
    expect(told(after(3.1))).toBe('http.failed http');
    expect(told(after(4.2))).toBe('tls.failed tls');
    // What HTTP/2 closes takes as long.
    expect(sureness(after(4.2, { multiplexed: true }))).toBeLessThan(0.7);
  });

  it('tell it in Firefox, which tries ten times and whose trace knows a connection', () => {
    expect(told(after(0.1, FIREFOX))).toBe('dns.failed dns');
    expect(told(after(1.1, FIREFOX))).toBe('tcp.failed routing');
    expect(told(after(2.2, FIREFOX))).toBe('tls.failed tls');
    expect(told(after(20.5, FIREFOX))).toBe('tls.failed tls');
    expect(told(after(31, { ...FIREFOX, trace: 'connection', probeTrace: 'connection' }))).toBe('http.failed http');
    expect(phase(after(31, { ...FIREFOX, trace: 'connection' }))).toBe('application');
  });

  it('say nothing between two stages, below 20 ms, in a busy page, behind a service worker, or with slow TLS', () => {
    expect(told(after(2.8))).toBe('unknown unknown');
    expect(told(after(2.2, { roundTrip: { ms: 19, exact: true, tlsTrips: 1 }, elapsedMs: 40, probeMs: 40 }))).toBe('unknown unknown');
    expect(told(after(2.2, { lagMs: 60 }))).toBe('unknown unknown');
    expect(told(after(2.2, { worker: true }))).toBe('unknown unknown');
    expect(told(after(3.1, { roundTrip: { ms: 80, exact: true, tlsTrips: 2 } }))).toBe('unknown unknown');
    expect(told(after(2.2, { engine: 'other' }))).toBe('unknown unknown');
  });

  it('take what two of three samples say, and are less sure without the request itself', () => {
    const noisy = after(2.2, { ...PORT_BOUND, otherNameMs: 178, elapsedMs: 430 });
    expect(told(noisy)).toBe('tls.cert.invalid tls');
    expect(sureness(noisy)).toBeLessThan(0.7);
    expect(sureness(after(2.2))).toBeGreaterThan(0.8);
  });

  it('say nothing where two samples contradict each other, and take one alone at less confidence', () => {
    expect(told(after(2.2, { probeMs: 250 }))).toBe('unknown unknown');
    // A probe may take over what Chromium had under way.
    expect(told(after(4.2, { probeMs: 60 }))).toBe('tls.failed tls');
    expect(sureness(after(4.2, { probeMs: 60 }))).toBeLessThan(0.7);
  });

  it('leave out a probe that met the end of a second try to connect, on ways of 250 ms', () => {
    const roundTrip = { ms: 250, exact: true, tlsTrips: 1 };
    const far = (elapsedMs: number, probeMs: number, more = {}) => ({ ...REJECTED, roundTrip, elapsedMs, probeMs, ...more });
    expect(told(far(260, 90))).toBe('tcp.failed routing');
    expect(told(far(517, 29))).toBe('tls.cert.invalid tls');
    expect(sureness(far(260, 90))).toBeLessThan(0.7);
    // A name that failed late and fails once more at once; a way on which there was no second try; another browser.
    expect(told(far(260, 4))).toBe('unknown unknown');
    expect(told({ ...REJECTED, roundTrip: { ...roundTrip, ms: 200 }, elapsedMs: 230, probeMs: 60 })).toBe('unknown unknown');
    expect(told(far(260, 90, FIREFOX))).toBe('unknown unknown');
  });

  it('say nothing where a fresh request and a probe over a kept connection look like a refusal', () => {
    expect(told(after(3.1, { probeMs: 90 }))).toBe('unknown unknown');
  });

  it('that are only bounded keep the confidence at 0.6 or less', () => {
    for (const trips of [0.05, 1.2, 2.2, 3.1, 4.2])
      expect(sureness(after(trips, { roundTrip: { ms: 80, exact: false, tlsTrips: 1 } }))).toBeLessThanOrEqual(0.6);
  });
});

describe('a request that is silent', () => {
  it('is a server that thinks where the host answers others', () => {
    expect(told({ ...WAITED, pending: false, probe: 'answered' })).toBe('abandoned timeout');
    expect(phase({ ...WAITED, pending: false, probe: 'answered' })).toBe('application');
  });

  it('is an endless redirect where our own request meets one', () => {
    expect(told({ ...WAITED, redirected: true })).toBe('http.response.redirect_loop http');
  });

  it('is bound to the name where another one answers', () => {
    expect(told({ ...WAITED, otherName: 'answered', otherPort: 'stalled' })).toBe('dns.failed dns');
    expect(told({ ...WAITED, pending: false, elapsedMs: 15_000, otherName: 'answered', otherPort: 'stalled' })).toBe(
      'dns.address_changed dns',
    );
  });

  it('is bound to the name for sure only where STUN by it is silent too: a filter may drop what names the host', () => {
    const bound: Partial<Evidence> = { ...WAITED, otherName: 'answered', otherPort: 'stalled' };
    expect(sureness(bound)).toBe(0.85);
    expect(sureness({ ...bound, ...ice({ lookup: 'silent' }) })).toBeGreaterThanOrEqual(0.9);
  });

  it('is not bound to the name where STUN by it gets through, or where the other one answers only when packets were sent again', () => {
    const bound: Partial<Evidence> = { ...WAITED, otherName: 'answered', otherPort: 'stalled' };
    const roundTrip = { ms: 250, exact: true, tlsTrips: 1 };
    expect(told({ ...bound, otherNameMs: 1_300, roundTrip })).toBe('dns.failed dns');
    for (const lossy of [ice({ lookup: 'resolved' }), { otherNameMs: 1_300 }, { otherNameMs: 2_400, roundTrip }]) {
      expect(told({ ...bound, ...lossy })).toBe('abandoned timeout');
      expect(sureness({ ...bound, ...lossy })).toBeLessThan(0.7);
    }
  });

  it('is a lost way where nothing at the address answers, unless STUN gets through', () => {
    const silent: Partial<Evidence> = { ...WAITED, otherName: 'stalled', otherPort: 'stalled' };
    expect(told(silent)).toBe('tcp.timed_out routing');
    // A machine may accept on all ports and serve nothing.
    expect(sureness(silent)).toBe(0.85);
    expect(sureness({ ...silent, ...ice({ lookup: 'silent' }) })).toBeGreaterThanOrEqual(0.9);
    expect(sureness({ ...silent, ...FIREFOX })).toBeGreaterThanOrEqual(0.9);
    expect(told({ ...silent, ...ice({ lookup: 'resolved', tls: 'silent', tcp: 'silent' }) })).toBe('tls.failed tls');
  });

  it('is a request without answer where the handshake works: by TURN, or by the trace of our own request', () => {
    const port: Partial<Evidence> = { ...WAITED, otherName: 'stalled', otherPort: 'answered' };
    expect(told(port)).toBe('abandoned timeout');
    expect(phase(port)).toBe('unknown');
    expect(sureness(port)).toBeLessThan(0.7);
    for (const more of [ice({ tls: 'stood' }), ice({ tls: 'ended' }), { engine: 'firefox', probeTrace: 'connection' } as const]) {
      expect(told({ ...port, ...more })).toBe('abandoned timeout');
      expect(phase({ ...port, ...more })).toBe('application');
      expect(sureness({ ...port, ...more })).toBeGreaterThanOrEqual(0.9);
    }
  });

  it('that the browser gives up at a limit of its own says on what, on the system where that was measured', () => {
    const gaveUp = (seconds: number, more: Partial<Evidence> = {}): string =>
      told({ how: 'failed', elapsedMs: seconds * 1_000, probe: 'stalled', ...more });
    expect(gaveUp(13.1)).toBe('dns.unreachable dns');
    expect(gaveUp(30)).toBe('tls.failed tls');
    expect(gaveUp(135)).toBe('tcp.timed_out routing');
    expect(gaveUp(10.1, { engine: 'firefox' })).toBe('dns.unreachable dns');
    // Our own lookup shared the one that ended.
    expect(gaveUp(10.02, { probe: 'failed', probeMs: 1_800, otherName: 'answered', otherPort: 'stalled' })).toBe('dns.unreachable dns');
    // A server or its gateway may have the same limit.
    for (const found of [{ otherPort: 'answered' } as const, ice({ lookup: 'resolved' })])
      for (const seconds of [10.02, 13.1]) expect(gaveUp(seconds, { otherName: 'answered', ...found })).not.toMatch(/dns/);
    expect(gaveUp(30, { otherPort: 'answered' })).toBe('tls.failed tls');
    expect(gaveUp(13.1, { linux: false })).toBe('unknown unknown');
    expect(gaveUp(20)).toBe('unknown unknown');
  });

  it('that a user gave up is a timeout at 0.5 or less, whatever the probes say', () => {
    for (const probe of ['not_run', 'answered', 'stalled'] as const) {
      const aborted: Partial<Evidence> = { how: 'aborted', elapsedMs: 12_000, probe };
      expect(told(aborted)).toBe('abandoned timeout');
      expect(sureness(aborted)).toBeLessThanOrEqual(0.5);
    }
  });

  it("is what our own request shows where that fails at once, else the app's limit", () => {
    expect(told({ ...WAITED, probe: 'failed', probeMs: 30, ...NAME_BOUND })).toBe('dns.failed dns');
    expect(told({ ...WAITED, probe: 'failed', probeMs: 30 })).toBe('abandoned timeout');
  });
});

describe('confidence', () => {
  it('of probes that are older than a minute, or behind a service worker, is limited', () => {
    expect(sureness({ ...NAME_BOUND, probedAgoMs: 61_000 })).toBeLessThanOrEqual(0.6);
    expect(sureness({ ...NAME_BOUND, worker: true })).toBeLessThan(0.7);
    expect(sureness({ how: 'answered', statusCode: 500, worker: true })).toBe(0.99);
  });

  it('of the unknown says how sure it is that the client is not to blame', () => {
    expect(told({})).toBe('unknown unknown');
    expect(sureness({})).toBe(0.6);
    expect(sureness({ byName: [] })).toBe(0);
  });
});

describe('every diagnosis', () => {
  it('names a listed type and kind, a confidence from 0 to 1 and why', () => {
    const reply = fc.constantFrom('not_run', 'answered', 'failed', 'stalled');
    const trace = fc.constantFrom('none', 'no_connection', 'connection');
    const witnesses = fc.array(fc.constantFrom('witness', 'stranger', 'silent'), { maxLength: 2 });
    const evidence: fc.Arbitrary<Evidence> = fc.record({
      how: fc.constantFrom('answered', 'failed', 'timer', 'aborted'),
      statusCode: fc.integer({ min: 0, max: 599 }),
      silent: fc.boolean(),
      resource: fc.constantFrom('fetch', 'xhr', 'image', 'websocket', 'eventsource'),
      elapsedMs: fc.nat(200_000),
      pending: fc.boolean(),
      engine: fc.constantFrom('chromium', 'firefox', 'other'),
      linux: fc.boolean(),
      online: fc.boolean(),
      policy: fc.constantFrom('none', 'none', 'csp', 'mixed_content'),
      worker: fc.boolean(),
      trace,
      probe: reply,
      probeMs: fc.nat(5_000),
      probeTrace: trace,
      probedAgoMs: fc.nat(600_000),
      readable: fc.constantFrom('not_run', 'yes', 'no'),
      redirected: fc.boolean(),
      otherName: reply,
      otherNameMs: fc.nat(5_000),
      otherPort: reply,
      otherBoth: reply,
      ice: fc.record({
        lookup: fc.constantFrom('not_run', 'failed', 'resolved', 'silent'),
        tls: fc.constantFrom('not_run', 'stood', 'failed', 'ended', 'silent'),
        tcp: fc.constantFrom('not_run', 'accepted', 'failed', 'silent'),
      }),
      byName: witnesses,
      byAddress: witnesses,
      readBefore: fc.constantFrom('nothing', 'origin', 'path'),
      everReached: fc.boolean(),
      permission: fc.constantFrom('not_needed', 'had', 'never_had'),
      multiplexed: fc.boolean(),
      roundTrip: fc.option(fc.record({ ms: fc.nat(300), exact: fc.boolean(), tlsTrips: fc.float({ min: 1, max: 3 }) }), { nil: undefined }),
      lagMs: fc.nat(100),
    });
    fc.assert(
      fc.property(evidence, (seen) => {
        const { type, kind, phase: at, confidence, evidence: words } = diagnose(seen);
        expect(FAILURE_TYPES).toContain(type);
        expect(KINDS).toContain(kind);
        expect(PHASES).toContain(at);
        expect(confidence >= 0 && confidence <= 1).toBe(true);
        expect(words.length > 0 && words.every((line) => line !== '')).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
