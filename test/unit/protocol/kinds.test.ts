import { FAILURE_TYPES, KINDS, kindOf, PHASES, phaseOf, TYPE_PATTERN, type Stage } from '@outcry/protocol';
import { describe, expect, it } from 'vitest';

const STAGES: readonly Stage[] = ['unknown', 'lookup', 'connect', 'handshake', 'request', 'response'];

describe('kindOf', () => {
  it.each([
    ['dns.name_not_resolved', 'lookup', 'dns'],
    ['dns.address_changed', 'unknown', 'dns'],
    ['tcp.refused', 'connect', 'routing'],
    ['tcp.timed_out', 'connect', 'routing'],
    ['tcp.reset', 'unknown', 'routing'],
    ['tcp.reset', 'handshake', 'tls'],
    ['tcp.closed', 'handshake', 'tls'],
    ['tcp.reset', 'request', 'http'],
    ['tcp.closed', 'response', 'http'],
    ['tcp.timed_out', 'response', 'timeout'],
    ['tls.cert.date_invalid', 'handshake', 'tls'],
    ['http.error', 'response', 'http'],
    ['h2.protocol.error', 'response', 'http'],
    ['h3.protocol.error', 'unknown', 'http'],
    ['abandoned', 'unknown', 'timeout'],
    ['cors.refused', 'response', 'cors'],
    ['policy.csp', 'unknown', 'blocked'],
    ['client.captive_portal', 'unknown', 'offline'],
    ['unknown', 'unknown', 'unknown'],
    ['quic.something', 'unknown', 'unknown'],
    ['constructor', 'unknown', 'unknown'],
    ['__proto__', 'unknown', 'unknown'],
  ] as const)('counts %s at stage %s as %s', (type, stage, kind) => {
    expect(kindOf(type, stage)).toBe(kind);
  });

  it('gives every type of ours a kind and a phase at every stage', () => {
    for (const type of FAILURE_TYPES) {
      expect(type).toMatch(TYPE_PATTERN);
      for (const stage of STAGES) {
        expect(KINDS).toContain(kindOf(type, stage));
        expect(PHASES).toContain(phaseOf(type, stage));
      }
      if (type !== 'unknown') expect(kindOf(type)).not.toBe('unknown');
    }
  });

  it('takes the phase from the stage where it is known', () => {
    expect(phaseOf('tcp.reset', 'response')).toBe('application');
    expect(phaseOf('tcp.reset')).toBe('connection');
    expect(phaseOf('unknown')).toBe('unknown');
  });
});
