/**
 * `npm test`: everything. Installs missing system programs on Debian as root, builds, runs the quick suites side by side and the
 * suites with real processes one file at a time, then looks for processes and files left behind. Ends with one plain line.
 *
 * `OUTCRY_REQUIRE_ALL=1` makes a suite that cannot run a failure instead of a skip.
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from './build.mjs';
import { PROGRAMS, ensureProgram, installLine } from './programs.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const requireAll = process.env.OUTCRY_REQUIRE_ALL === '1';
const runMark = randomUUID();
const runFolder = mkdtempSync(join(tmpdir(), 'outcry-test-'));
const startedMs = Date.now();

/** Every process of this run inherits the mark, however far it was handed down. */
function markedPids() {
  if (!existsSync('/proc/self/environ')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`TEST_RUN_MARK=${runMark}`);
      } catch {
        return false;
      }
    });
}

function vitest(name, args, env) {
  const report = join(runFolder, `${name}.json`);
  const child = spawn(
    process.execPath,
    [
      join(root, 'node_modules/vitest/vitest.mjs'),
      'run',
      '--passWithNoTests',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...args,
    ],
    { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env },
  );
  return new Promise((resolve) => {
    child.on('close', (code) => {
      const counts = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : {};
      const failedSuites = counts.numFailedTests ? 0 : (counts.numFailedTestSuites ?? 1);
      resolve({
        code,
        passed: counts.numPassedTests ?? 0,
        failed: (counts.numFailedTests ?? 0) + failedSuites,
        skipped: (counts.numPendingTests ?? 0) + (counts.numTodoTests ?? 0),
      });
    });
  });
}

const skippedSuites = new Map();
const programPaths = {};
for (const program of PROGRAMS) {
  const path = ensureProgram(program);
  if (path === undefined)
    for (const suite of program.suites) skippedSuites.set(suite, `${program.name} is missing; ${installLine(program)}`);
  else programPaths[`OUTCRY_${program.name.toUpperCase()}`] = path;
}

build();

const env = { ...process.env, ...programPaths, TEST_RUN_MARK: runMark, TMPDIR: runFolder };
const projects = (...names) => names.filter((name) => !skippedSuites.has(name)).flatMap((name) => ['--project', name]);
const results = [];
results.push(await vitest('quick', projects('unit', 'wire', 'dom'), env));
results.push(await vitest('hostile', [...projects('hostile'), '--no-file-parallelism'], env));
results.push(await vitest('processes', [...projects('scenario', 'browser'), '--no-file-parallelism'], env));

const problems = [];
const left = markedPids();
for (const pid of left) {
  const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').slice(0, 120);
  problems.push(`a process was left behind: ${pid} ${command}`);
  process.kill(Number(pid), 'SIGKILL');
}
rmSync(runFolder, { recursive: true, force: true, maxRetries: 5 });
for (const [suite, reason] of skippedSuites) {
  console.log(`skipped suite ${suite}: ${reason}`);
  if (requireAll) problems.push(`suite ${suite} could not run: ${reason}`);
}
for (const problem of problems) console.log(problem);

const sum = (key) => results.reduce((total, result) => total + result[key], 0);
const badExits = results.filter((result) => result.code !== 0 && result.failed === 0).length;
const failed = sum('failed') + problems.length + badExits;
if (requireAll && sum('skipped') > 0) console.log(`${sum('skipped')} tests were skipped`);
console.log(`took ${Math.round((Date.now() - startedMs) / 1000)} s`);
console.log(`tests: ${sum('passed')} passed, ${failed} failed, ${sum('skipped') + skippedSuites.size} skipped`);
process.exit(failed > 0 || sum('passed') === 0 || (requireAll && sum('skipped') > 0) ? 1 : 0);
