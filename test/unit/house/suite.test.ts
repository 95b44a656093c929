/** How `npm test` reads what it ran: nothing that fails twice passes, and nothing that failed is silent. */
import { describe, expect, it } from 'vitest';
import { mergeRuns, readReport } from '../../../scripts/suite.mjs';

const failure = (file: string, name: string) => ({ file, name, message: 'no' });
const file = (name: string, passed: number, failures: string[] = []) => ({
  file: name,
  passed,
  skipped: 0,
  failures: failures.map((test) => failure(name, test)),
});

describe('two runs of the tests', () => {
  it('pass what failed once, and name it', () => {
    const merged = mergeRuns([file('a', 3), file('b', 1, ['b1'])], [file('b', 2)]);
    expect(merged).toEqual({ passed: 5, skipped: 0, failures: [], unsteady: [failure('b', 'b1')] });
  });

  it('fail what failed twice', () => {
    const merged = mergeRuns([file('b', 1, ['b1'])], [file('b', 1, ['b1'])]);
    expect(merged).toEqual({ passed: 1, skipped: 0, failures: [failure('b', 'b1')], unsteady: [] });
  });

  it('fail what failed only the second time', () => {
    expect(mergeRuns([file('b', 1, ['b1'])], [file('b', 1, ['b2'])]).failures).toEqual([failure('b', 'b2')]);
  });

  it('fail what broke the second run as a whole', () => {
    const merged = mergeRuns([file('b', 1, ['b1'])], [{ file: '', passed: 0, skipped: 0, failures: [failure('', 'again')] }]);
    expect(merged.failures).toEqual([failure('b', 'b1'), failure('', 'again')]);
  });
});

describe('a report of vitest', () => {
  const result = { name: '/house/test/a.test.ts', status: 'failed', message: 'hook broke', assertionResults: [] as object[] };

  it('tells a file that broke before its tests', () => {
    expect(readReport('/house', JSON.stringify({ testResults: [result] }))).toEqual([
      { file: 'test/a.test.ts', passed: 0, skipped: 0, failures: [{ file: 'test/a.test.ts', name: 'the file', message: 'hook broke' }] },
    ]);
  });

  it('counts what passed, failed and was skipped', () => {
    const assertionResults = [
      { status: 'passed', fullName: 'a', failureMessages: [] },
      { status: 'skipped', fullName: 'b', failureMessages: [] },
      { status: 'failed', fullName: 'c', failureMessages: ['one', 'two'] },
    ];
    expect(readReport('/house', JSON.stringify({ testResults: [{ ...result, assertionResults }] }))).toEqual([
      { file: 'test/a.test.ts', passed: 1, skipped: 1, failures: [{ file: 'test/a.test.ts', name: 'c', message: 'one\ntwo' }] },
    ]);
  });
});
