import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FAILURE_TYPES, KINDS, PHASES } from '@outcry/protocol';
import { diagnose } from '../../../sdk-browser/src/diagnose.js';
import type { Evidence } from '../../../sdk-browser/src/diagnose.js';

const REJECTED: Evidence = {
  how: 'failed',
  statusCode: 0,
  silent: true,
  elapsedMs: 120,
  online: true,
  policy: 'none',
  probe: 'failed',
  witnessesAsked: 2,
  witnessesReached: 2,
  readBefore: false,
  trace: 'none',
};
const told = (more: Partial<Evidence>): string => {
  const { type, kind, phase } = diagnose({ ...REJECTED, ...more });
  return `${type} ${kind} ${phase}`;
};
const sureness = (more: Partial<Evidence>): number => diagnose({ ...REJECTED, ...more }).confidence;

describe('diagnose', () => {
  it('says unknown where the browser says nothing, and how sure it is that the client is not to blame', () => {
    expect(told({})).toBe('unknown unknown unknown');
    expect(sureness({})).toBe(0.6);
    expect(sureness({ witnessesAsked: 0, witnessesReached: 0 })).toBe(0);
  });

  it('calls a status an http.error', () => {
    expect(told({ how: 'answered', statusCode: 503, silent: false })).toBe('http.error http application');
  });

  it('calls a rule of the page blocked, whatever else failed', () => {
    expect(told({ policy: 'csp', witnessesReached: 0, online: false })).toBe('policy.csp blocked unknown');
    expect(told({ policy: 'mixed_content' })).toBe('policy.mixed_content blocked unknown');
  });

  it('calls it offline when the browser says so', () => {
    expect(told({ online: false })).toBe('client.offline offline unknown');
    expect(told({ online: false, how: 'timer' })).toBe('client.offline offline unknown');
  });

  it('calls the uplink dead when no witness answers either, surer of it with more witnesses', () => {
    expect(told({ witnessesReached: 0 })).toBe('client.uplink_dead offline unknown');
    expect(sureness({ witnessesReached: 0 })).toBeGreaterThan(sureness({ witnessesAsked: 1, witnessesReached: 0 }));
  });

  it('does not call the uplink dead while the failing host itself answers', () => {
    expect(told({ witnessesReached: 0, probe: 'answered', readBefore: true })).toBe('unknown unknown unknown');
  });

  it("calls the app's own time limit a timeout", () => {
    expect(told({ how: 'timer' })).toBe('abandoned timeout unknown');
  });

  it('calls a patient abort a timeout at a confidence of 0.5 at most', () => {
    expect(told({ how: 'aborted', elapsedMs: 12_000 })).toBe('abandoned timeout unknown');
    for (const probe of ['not_run', 'answered', 'failed', 'stalled'] as const)
      expect(sureness({ how: 'aborted', elapsedMs: 12_000, probe })).toBeLessThanOrEqual(0.5);
  });

  it('calls it CORS when the host answers a request that may not be read', () => {
    expect(told({ probe: 'answered' })).toBe('cors.refused cors application');
  });

  it('does not call it CORS when this page has read answers of the origin before: it may have healed', () => {
    expect(told({ probe: 'answered', readBefore: true })).toBe('unknown unknown unknown');
  });

  it('does not call it CORS when Firefox says that no connection stood, for a refusal needs an answer', () => {
    expect(told({ probe: 'answered', trace: 'no_connection' })).toBe('unknown unknown unknown');
  });

  it('takes the phase from Firefox where a connection stood, but not after a minute', () => {
    expect(told({ trace: 'connection' })).toBe('http.failed http application');
    expect(told({ trace: 'connection', elapsedMs: 90_000 })).toBe('unknown unknown unknown');
    expect(told({ how: 'timer', trace: 'connection' })).toBe('abandoned timeout application');
  });

  it('calls an answer that broke off invalid', () => {
    expect(told({ silent: false })).toBe('http.response.invalid http application');
  });

  it('always names a listed type and kind, a confidence from 0 to 1 and why', () => {
    const evidence = fc.record<Evidence>({
      how: fc.constantFrom('answered', 'failed', 'timer', 'aborted'),
      statusCode: fc.integer({ min: 0, max: 599 }),
      silent: fc.boolean(),
      elapsedMs: fc.nat(),
      online: fc.boolean(),
      policy: fc.constantFrom('none', 'csp', 'mixed_content'),
      probe: fc.constantFrom('not_run', 'answered', 'failed', 'stalled'),
      witnessesAsked: fc.nat(2),
      witnessesReached: fc.nat(2),
      readBefore: fc.boolean(),
      trace: fc.constantFrom('none', 'no_connection', 'connection'),
    });
    fc.assert(
      fc.property(evidence, (seen) => {
        const { type, kind, phase, confidence, evidence: words } = diagnose(seen);
        expect(FAILURE_TYPES).toContain(type);
        expect(KINDS).toContain(kind);
        expect(PHASES).toContain(phase);
        expect(confidence >= 0 && confidence <= 1).toBe(true);
        expect(words.length > 0 && words.every((line) => line !== '')).toBe(true);
      }),
    );
  });
});
