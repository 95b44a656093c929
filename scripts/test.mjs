/**
 * `npm test`: everything. Installs missing system programs on Debian as root, builds, runs the quick suites side by side and the
 * suites with real processes one file at a time, then looks for processes and files left behind. Ends with what failed and one
 * plain line.
 *
 * `OUTCRY_REQUIRE_ALL=1` makes a suite that cannot run a failure instead of a skip. `OUTCRY_LONG=1` (`npm run test:long`) takes only
 * the files that have a full size, at that size: those that import `test/long.ts`.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from './build.mjs';
import { endLeftBehind, markedPids, removeFolder } from './left-behind.mjs';
import { PROGRAMS, ensureProgram, installLine } from './programs.mjs';
import { runSuite } from './suite.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const requireAll = process.env.OUTCRY_REQUIRE_ALL === '1';
const runMark = randomUUID();
const startedMs = Date.now();

const skippedSuites = new Map();
const programPaths = {};
for (const program of PROGRAMS) {
  const path = ensureProgram(program);
  if (path === undefined)
    for (const suite of program.suites) skippedSuites.set(suite, `${program.name} is missing; ${installLine(program)}`);
  else programPaths[`OUTCRY_${program.name.toUpperCase()}`] = path;
}

build();

const runFolder = mkdtempSync(join(tmpdir(), 'outcry-test-'));
const env = { ...process.env, ...programPaths, TEST_RUN_MARK: runMark, TMPDIR: runFolder };
const projects = (...names) => names.filter((name) => !skippedSuites.has(name)).flatMap((name) => ['--project', name]);
const suite = (name, named, args) => runSuite({ root, name, projects: named, args, folder: runFolder, env });
const results = [];
const problems = [];
try {
  if (process.env.OUTCRY_LONG === '1') {
    const files = readdirSync(join(root, 'test'), { recursive: true })
      .filter((file) => file.endsWith('.test.ts') && /from '[./]+\/long\.js'/.test(readFileSync(join(root, 'test', file), 'utf8')))
      .map((file) => join('test', file));
    if (files.length > 0) results.push(await suite('long', [], [...files, '--no-file-parallelism']));
  } else {
    results.push(await suite('quick', projects('unit', 'wire', 'dom')));
    results.push(await suite('hostile', projects('hostile'), ['--no-file-parallelism']));
    results.push(await suite('processes', projects('scenario', 'browser', 'lab'), ['--no-file-parallelism']));
  }
} catch (error) {
  problems.push(`the run broke off: ${error instanceof Error ? error.stack : String(error)}`);
}

problems.push(...(await endLeftBehind(() => markedPids(`TEST_RUN_MARK=${runMark}`))), ...removeFolder(runFolder));
for (const [suite, reason] of skippedSuites) {
  console.log(`skipped suite ${suite}: ${reason}`);
  if (requireAll) problems.push(`suite ${suite} could not run: ${reason}`);
}
for (const problem of problems) console.log(problem);

const sum = (key) => results.reduce((total, result) => total + result[key], 0);
const tell = (word, { file, name, message }) => console.log(`${word}: ${file} > ${name}\n${message.slice(0, 1500)}`);
for (const failure of results.flatMap((result) => result.unsteady)) tell('failed once, then passed', failure);
const failures = results.flatMap((result) => result.failures);
for (const failure of failures) tell('FAILED', failure);
const failed = failures.length + problems.length;
if (requireAll && sum('skipped') > 0) console.log(`${sum('skipped')} tests were skipped`);
console.log(`took ${Math.round((Date.now() - startedMs) / 1000)} s`);
console.log(`tests: ${sum('passed')} passed, ${failed} failed, ${sum('skipped') + skippedSuites.size} skipped`);
process.exit(failed > 0 || sum('passed') === 0 || (requireAll && sum('skipped') > 0) ? 1 : 0);
