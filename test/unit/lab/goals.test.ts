import { describe, expect, it } from 'vitest';
import type { Kind } from '@outcry/protocol';
import type { Conditions } from '../../lab/conditions.js';
import type { Client } from '../../lab/engine.js';
import { FAULTS } from '../../lab/faults.js';
import { figuresOf, print } from '../../lab/goals.js';
import { judge } from '../../lab/judge.js';
import type { Row } from '../../lab/matrix.js';
import type { NelSaid } from '../../lab/nel.js';

const CONDITIONS: Conditions = { tao: true, rttMs: 80, rttElsewhere: false, lossPercent: 0, load: false };
const CHROMIUM: Client = { engine: 'chromium', landmarks: 'two' };

function row(
  name: string,
  said: readonly [Kind, string, number] | null,
  { client = CHROMIUM, nel, app = 'TypeError' }: { client?: Client; nel?: NelSaid; app?: string } = {},
): Row {
  const fault = FAULTS.find((one) => one.name === name);
  if (!fault) throw new Error(`no fault ${name}`);
  const diagnosis = said && { kind: said[0], type: said[1], phase: 'unknown', confidence: said[2] };
  const seen = { diagnosis, evidence: [], app, requestMs: 10, diagnosisMs: diagnosis ? 500 : null };
  return { fault, client, seen, judged: judge(fault, seen), nel };
}

const printed = (rows: readonly Row[], conditions = CONDITIONS): string[] => figuresOf(rows, conditions).map(print);
const RIGHT = row('nxdomain', ['dns', 'dns.failed', 0.9]);
const WRONG = row('port-closed', ['http', 'http.failed', 0.95]);

describe('the goals', () => {
  it('say which sure diagnosis was wrong', () => {
    expect(printed([RIGHT])[0]).toBe('met     confidence ≥ 0.9: wrong kind in 0 of 1 (0 %); goal none');
    expect(printed([RIGHT, WRONG])[0]).toBe(
      'NOT MET confidence ≥ 0.9: wrong kind in 1 of 2 (50 %): port-closed (chromium, two); goal none',
    );
  });

  it('count a diagnosis as sure only where it is right', () => {
    expect(printed([RIGHT, WRONG])).toContain('met     chromium, two: right at confidence ≥ 0.9 in 1 of 2 (50 %) tellable; goal ≥ 50 %');
    expect(printed([RIGHT, WRONG, WRONG])).toContain(
      'NOT MET chromium, two: right at confidence ≥ 0.9 in 1 of 3 (33 %) tellable; goal ≥ 50 %',
    );
  });

  it('ask a page without landmarks for kinds only where round trips can be told apart', () => {
    const alone = row('nxdomain', ['unknown', 'unknown', 0.6], { client: { engine: 'firefox', landmarks: 'none' } });
    const counts = '0 of 1 (0 %) (0 right, 1 generic, 0 silent, 0 wrong)';
    expect(printed([alone])).toContain(`NOT MET firefox, none: kind right in ${counts}; goal ≥ 80 %`);
    expect(printed([alone], { ...CONDITIONS, tao: false })).toContain(`        firefox, none: kind right in ${counts}`);
  });

  it('ask WebKitGTK for no share of right kinds, only for none that are wrong and rather sure', () => {
    const client: Client = { engine: 'webkit', landmarks: 'two' };
    const rows = [row('nxdomain', ['unknown', 'unknown', 0.6], { client }), row('port-closed', ['http', 'http.failed', 0.75], { client })];
    expect(printed(rows)).toContain('        webkit, two: kind right in 0 of 2 (0 %) (0 right, 1 generic, 0 silent, 1 wrong)');
    expect(printed(rows)).toContain('NOT MET webkit, two: wrong kind at confidence ≥ 0.7 in 1: port-closed (webkit, two); goal none');
  });

  it("compare with Chromium's own reports, and count where those are silent or hide the cause", () => {
    const rows = [
      row('nxdomain', ['dns', 'dns.failed', 0.9], { nel: { type: 'dns.name_not_resolved', phase: 'dns' } }),
      row('tls-stall', ['tls', 'tls.failed', 0.9], { nel: { type: 'abandoned', phase: 'application' } }),
      row('link-down', ['offline', 'client.offline', 0.9], { nel: null }),
      row('half-lost', null, { nel: null, app: '200' }),
    ];
    expect(printed(rows)).toContain('met     failures with the right kind: ours 3 of 3 (100 %), NEL 1 of 3 (33 %); goal more');
    expect(printed(rows)).toContain('met     where NEL is silent or masks the cause, ours reports 2 of 2 (100 %); goal all');
  });

  it('name every false outage', () => {
    expect(printed([row('csp', ['unknown', 'unknown', 0.5])])).toContain(
      'NOT MET no outage, but told as one: 1 of 1 (100 %): csp (chromium, two); goal none',
    );
  });
});
