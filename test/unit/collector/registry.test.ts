import { describe, expect, it } from 'vitest';
import { registryOf } from '../../../collector/src/intake/registry.js';
import { releaseCap } from '../../../collector/src/intake/release-cap.js';
import { HOST, attempts, body, context, failure } from './sealed.js';

const registry = registryOf({ shop: { hosts: [HOST], stage: 'production' } });
const coded = (code: string) => expect.objectContaining({ code });

describe('the registry', () => {
  it('admits a project and its hosts', () => expect(registry.admit(body()).name).toBe('shop'));

  it.each(['other', '__proto__', 'constructor'])('refuses the project %s', (project) =>
    expect(() => registry.admit(body({ context: context({ project }) }))).toThrow(coded('unknown_project')),
  );

  it('refuses a host that is not the project’s, in failures and in attempts', () => {
    expect(() => registry.admit(body({ failures: [failure(), failure({ host: 'bank.example' })] }))).toThrow(coded('unknown_host'));
    expect(() => registry.admit(body({ attempts: [attempts({ host: 'bank.example' })] }))).toThrow(coded('unknown_host'));
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
