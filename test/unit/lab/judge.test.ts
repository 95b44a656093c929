import { describe, expect, it } from 'vitest';
import type { Kind } from '@outcry/protocol';
import type { Seen } from '../../lab/engine.js';
import type { Fault } from '../../lab/fault.js';
import { FAULTS } from '../../lab/faults.js';
import { isFalseOutage, judge } from '../../lab/judge.js';

function named(name: string): Fault {
  const fault = FAULTS.find((one) => one.name === name);
  if (!fault) throw new Error(`no fault ${name}`);
  return fault;
}

const said = (kind: Kind, type: string, app = 'TypeError'): Pick<Seen, 'diagnosis' | 'app'> => ({
  diagnosis: { kind, type, phase: 'unknown', confidence: 0.9 },
  app,
});
const nothing = (app = 'TypeError'): Pick<Seen, 'diagnosis' | 'app'> => ({ diagnosis: null, app });

describe('the table of faults', () => {
  it('holds each name once, and at least the 47 of the measured matrix and those that came after it', () => {
    expect(new Set(FAULTS.map(({ name }) => name)).size).toBe(FAULTS.length);
    expect(FAULTS.length).toBeGreaterThan(70);
  });
});

describe('the judge', () => {
  it('takes the truth and types just as true for right', () => {
    expect(judge(named('cert-expired'), said('tls', 'tls.cert.date_invalid'))).toEqual({ kind: 'right', type: 'right' });
    expect(judge(named('servfail'), said('dns', 'dns.name_not_resolved'))).toEqual({ kind: 'right', type: 'right' });
  });

  it('takes the type of the group alone for generic, another type of the kind for wrong', () => {
    expect(judge(named('cert-expired'), said('tls', 'tls.failed'))).toEqual({ kind: 'right', type: 'generic' });
    expect(judge(named('cert-expired'), said('tls', 'tls.cert.name_invalid'))).toEqual({ kind: 'right', type: 'wrong' });
  });

  it('takes a kind just as true for right', () => {
    expect(judge(named('reused-dead'), said('timeout', 'abandoned')).kind).toBe('right');
    expect(judge(named('reused-dead'), said('routing', 'tcp.timed_out'))).toEqual({ kind: 'right', type: 'right' });
    expect(judge(named('blackhole'), said('tls', 'tls.failed')).kind).toBe('wrong');
  });

  it('takes the name of all certificate errors for generic', () => {
    expect(judge(named('cert-expired'), said('tls', 'tls.cert.invalid'))).toEqual({ kind: 'right', type: 'generic' });
  });

  it('takes "timeout" for generic only where something waited', () => {
    expect(judge(named('blackhole'), said('timeout', 'abandoned')).kind).toBe('generic');
    expect(judge(named('port-closed'), said('timeout', 'abandoned')).kind).toBe('wrong');
    expect(judge(named('port-closed'), said('unknown', 'unknown')).kind).toBe('generic');
  });

  it('takes another kind for wrong, and silence about a failure for silent', () => {
    expect(judge(named('nxdomain'), said('http', 'http.failed')).kind).toBe('wrong');
    expect(judge(named('nxdomain'), nothing()).kind).toBe('silent');
  });

  it('asks for silence where nothing happened, and where the request passed after all', () => {
    expect(judge(named('none'), nothing('200')).kind).toBe('right');
    expect(judge(named('none'), said('unknown', 'unknown')).kind).toBe('wrong');
    expect(judge(named('half-lost'), nothing('200')).kind).toBe('right');
    expect(judge(named('half-lost'), nothing('TimeoutError')).kind).toBe('silent');
  });
});

describe('a false outage', () => {
  it('is any kind that counts against the service, where the service is not to blame', () => {
    expect(isFalseOutage(named('csp'), said('unknown', 'unknown'))).toBe(true);
    expect(isFalseOutage(named('no-cors'), said('timeout', 'abandoned'))).toBe(true);
    expect(isFalseOutage(named('sleeps'), said('timeout', 'abandoned'))).toBe(true);
  });

  it('is no real failure, no silence, and no kind that never counts', () => {
    expect(isFalseOutage(named('nxdomain'), said('dns', 'dns.failed'))).toBe(false);
    expect(isFalseOutage(named('csp'), nothing())).toBe(false);
    expect(isFalseOutage(named('csp'), said('blocked', 'policy.blocked'))).toBe(false);
    expect(isFalseOutage(named('over-at-once'), said('unknown', 'unknown'))).toBe(false);
  });
});
