import { describe, expect, it } from 'vitest';
import { registryOf } from '../../../collector/src/intake/registry.js';
import { releaseCap } from '../../../collector/src/intake/release-cap.js';
import { decodeValues } from '@outcry/protocol/open';
import { encodeBody, type ReportBody } from '@outcry/protocol';
import { hostsOf, keepKnown, projectOf } from '../../../collector/src/intake/body-facts.js';
import { HOST, attempts, body, failure } from './sealed.js';

const registry = registryOf({ shop: { hosts: [HOST], stage: 'production' } });
const valuesOf = (content: ReportBody) => decodeValues(encodeBody(content)).values;
const admit = (content: ReportBody) => registry.admit(projectOf(valuesOf(content)), hostsOf(valuesOf(content)));
const coded = (code: string) => expect.objectContaining({ code });

describe('the registry', () => {
  it('admits a project and its hosts', () => expect(admit(body()).name).toBe('shop'));

  it.each(['other', '__proto__', 'constructor'])('refuses the project %s', (project) =>
    expect(() => registry.admit(project, [HOST])).toThrow(coded('unknown_project')),
  );

  it('refuses a host that is not the project’s, in failures and in attempts', () => {
    expect(() => admit(body({ failures: [failure(), failure({ host: 'bank.example' })] }))).toThrow(coded('unknown_host'));
    expect(() => admit(body({ attempts: [attempts({ host: 'bank.example' })] }))).toThrow(coded('unknown_host'));
  });
});

describe('releases', () => {
  it('beyond the cap of a project and day are other', () => {
    const cap = releaseCap(2);
    expect(['a', 'b', 'c', 'a'].map((release) => cap('shop', release, 0))).toEqual(['a', 'b', 'other', 'a']);
    expect(cap('other', 'c', 0)).toBe('c');
    expect(cap('shop', 'c', 86_400_000)).toBe('c');
  });
});

describe('what is kept of a body', () => {
  const values = valuesOf(body({ failures: [failure({ route: 'checkout' }), failure({ route: 'secret' }), failure({ route: null })] }));
  const routes = (kept: typeof values) => kept.failures.map((record) => record[5]);

  it('is the body itself when release and routes are known', () => {
    expect(keepKnown(values, '4.2.1', new Set(['checkout', 'secret']))).toBe(values);
    expect(keepKnown(values, '4.2.1', undefined)).toBe(values);
  });

  it('has no route that the project does not list, and the release it is told', () => {
    const kept = keepKnown(values, 'other', new Set(['checkout']));
    expect(routes(kept)).toEqual(['checkout', null, null]);
    expect(kept.context[2]).toBe('other');
    expect(routes(values)).toEqual(['checkout', 'secret', null]);
  });
});
