/**
 * One run of vitest, read from its JSON report. The files in which something failed are run once more, one after the other: on a
 * busy machine a test with real processes can fail once in hundreds of runs, and a red run throws a day's work away. It is never
 * silent: what failed once is named on the last lines, and what fails twice has failed.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/**
 * @typedef {{ file: string, name: string, message: string }} Failure
 * @typedef {{ file: string, passed: number, skipped: number, failures: Failure[] }} FileResult
 */

/**
 * What a JSON report of vitest says, file by file.
 * @param {string} root folder that files are named from
 * @param {string} text the report
 * @returns {FileResult[]}
 */
export function readReport(root, text) {
  return JSON.parse(text).testResults.map((result) => {
    const file = relative(root, result.name);
    const having = (...states) => result.assertionResults.filter((test) => states.includes(test.status));
    const failures = having('failed').map((test) => ({ file, name: test.fullName, message: test.failureMessages.join('\n') }));
    if (failures.length === 0 && result.status === 'failed') failures.push({ file, name: 'the file', message: result.message ?? '' });
    return { file, passed: having('passed').length, skipped: having('skipped', 'pending', 'todo').length, failures };
  });
}

/**
 * Two runs as one: the second stands for every file that it ran.
 * @param {FileResult[]} first
 * @param {FileResult[]} second of the files in which something failed
 * @returns {{ passed: number, skipped: number, failures: Failure[], unsteady: Failure[] }} `unsteady`: failed the first time only
 */
export function mergeRuns(first, second) {
  const again = new Set(second.map(({ file }) => file));
  const last = [...first.filter(({ file }) => !again.has(file)), ...second];
  const failures = last.flatMap((result) => result.failures);
  const failed = new Set(failures.map(({ file, name }) => `${file} ${name}`));
  const sum = (key) => last.reduce((total, result) => total + result[key], 0);
  const unsteady = first.flatMap((result) => result.failures).filter(({ file, name }) => !failed.has(`${file} ${name}`));
  return { passed: sum('passed'), skipped: sum('skipped'), failures, unsteady };
}

/** A run that ends badly without a failed test has failed as a whole. */
async function run(root, name, args, folder, env) {
  const report = join(folder, `${name}.json`);
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const child = spawn(process.execPath, [vitest, 'run', '--passWithNoTests', ...reporters, ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env,
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  const results = existsSync(report) ? readReport(root, readFileSync(report, 'utf8')) : [];
  if (code !== 0 && results.every((result) => result.failures.length === 0))
    results.push({ file: '', passed: 0, skipped: 0, failures: [{ file: '', name, message: `vitest ended with ${code}` }] });
  return results;
}

/**
 * Runs the tests that `args` name, and the files in which something failed once more.
 * @param {{ root: string, name: string, projects: string[], args?: string[], folder: string, env: NodeJS.ProcessEnv }} suite
 *   `folder` takes the reports
 */
export async function runSuite({ root, name, projects, args = [], folder, env }) {
  const first = await run(root, name, [...args, ...projects], folder, env);
  const files = first.filter(({ failures }) => failures.length > 0).map(({ file }) => file);
  if (files.length === 0 || files.includes('')) return mergeRuns(first, []);
  console.log(`once more, for something failed in them: ${files.join(', ')}`);
  return mergeRuns(first, await run(root, `${name}-again`, [...files, ...projects, '--no-file-parallelism'], folder, env));
}
