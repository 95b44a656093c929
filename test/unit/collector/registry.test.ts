import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { registryOf } from '../../../collector/src/intake/registry.js';
import { releaseCap } from '../../../collector/src/intake/release-cap.js';
import { decodeValues } from '@outcry/protocol/open';
import { encodeBody, type ReportBody } from '@outcry/protocol';
import { factsOf, isAllKept, keepKnown } from '../../../collector/src/intake/body-facts.js';
import { openJournal, type Journal } from '../../../collector/src/journal/journal.js';
import { HOST, attempts, body, failure, removeDirectory, temporaryDirectory } from './sealed.js';

const registry = registryOf({ shop: { hosts: [HOST], stage: 'production' } });
const valuesOf = (content: ReportBody) => decodeValues(encodeBody(content)).values;
const factsIn = (content: ReportBody) => factsOf(valuesOf(content));
const admit = (content: ReportBody) => registry.admit('shop', factsIn(content).hosts);
const coded = (code: string) => expect.objectContaining({ code });

describe('the registry', () => {
  it('admits a project and its hosts', () => {
    expect(factsIn(body())).toMatchObject({ project: 'shop', release: '4.2.1', hosts: [HOST], routes: ['checkout'] });
    expect(admit(body()).name).toBe('shop');
  });

  it.each(['other', '__proto__', 'constructor'])('refuses the project %s', (project) =>
    expect(() => registry.admit(project, [HOST])).toThrow(coded('unknown_project')),
  );

  it('refuses a host that is not the project’s, in failures and in attempts', () => {
    expect(() => admit(body({ failures: [failure(), failure({ host: 'bank.example' })] }))).toThrow(coded('unknown_host'));
    expect(() => admit(body({ attempts: [attempts({ host: 'bank.example' })] }))).toThrow(coded('unknown_host'));
  });
});

describe('releases', () => {
  const DAY = 86_400_000;
  let today = 0;
  /** Runs with a journal, which it opens again when told. */
  const withJournal = async (run: (journal: Journal, reopen: () => Promise<Journal>) => Promise<void>): Promise<void> => {
    const directory = await temporaryDirectory();
    const openOne = () => openJournal(join(directory, 'journal.lmdb'), { maxEntries: 1e6, maxBytes: 1e9, now: () => today });
    let journal = await openOne();
    await run(journal, async () => {
      await journal.close();
      return (journal = await openOne());
    });
    await journal.close();
    await removeDirectory(directory);
  };

  it('beyond the cap of a project and day are other', () =>
    withJournal(async (journal) => {
      const cap = releaseCap(2, journal);
      const names: string[] = [];
      for (const release of ['a', 'b', 'c', 'a']) names.push(await cap('shop', release, 0));
      expect(names).toEqual(['a', 'b', 'other', 'a']);
      expect(await cap('other', 'c', 0)).toBe('c');
      expect(await cap('shop', 'c', DAY)).toBe('c');
    }));

  it('are at most the cap over all workers at once, and after a restart', () =>
    withJournal(async (journal, reopen) => {
      const caps = [0, 1, 2].map(() => releaseCap(5, journal));
      const names = Array.from({ length: 20 }, (_, index) => `r${index}`);
      const stored = await Promise.all(caps.flatMap((cap) => [...names, ...names].map((name) => cap('shop', name, 0))));
      const kept = new Set(stored.filter((name) => name !== 'other'));
      expect(kept.size).toBe(5);
      const cap = releaseCap(5, await reopen());
      for (const name of names) expect(await cap('shop', name, 0)).toBe(kept.has(name) ? name : 'other');
    }));

  it('are written down once, and forgotten two days later', () =>
    withJournal(async (journal) => {
      const cap = releaseCap(5, journal);
      expect(cap('shop', 'a', 0)).toBeInstanceOf(Promise);
      await journal.environment.root.committed;
      expect(cap('shop', 'a', 0)).toBe('a');
      expect(releaseCap(5, journal)('shop', 'a', 0)).toBe('a');
      today = DAY;
      await journal.forgetOldDays();
      expect(journal.environment.releases.getCount()).toBe(2);
      today = 2 * DAY;
      await journal.forgetOldDays();
      expect(journal.environment.releases.getCount()).toBe(0);
      today = 0;
    }));
});

describe('what is kept of a body', () => {
  const values = valuesOf(body({ failures: [failure({ route: 'checkout' }), failure({ route: 'secret' }), failure({ route: null })] }));
  const routes = (kept: typeof values) => kept.failures.map((record) => record[5]);

  it('is all of it when release and routes are known', () => {
    const facts = factsOf(values);
    expect(isAllKept(facts, '4.2.1', new Set(['checkout', 'secret']))).toBe(true);
    expect(isAllKept(facts, '4.2.1', undefined)).toBe(true);
    expect(isAllKept(facts, '4.2.1', new Set(['checkout']))).toBe(false);
    expect(isAllKept(facts, 'other', undefined)).toBe(false);
  });

  it('has no route that the project does not list, and the release it is told', () => {
    const kept = keepKnown(values, 'other', new Set(['checkout']));
    expect(routes(kept)).toEqual(['checkout', null, null]);
    expect(kept.context[2]).toBe('other');
    expect(routes(values)).toEqual(['checkout', 'secret', null]);
  });
});
