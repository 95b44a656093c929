/** `npm run check`: format, lint, types, unit tests, sizes, package lint, in this order; stops at the first that fails. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from './build.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const startedMs = Date.now();

function step(name, command, ...args) {
  const stepMs = Date.now();
  const done = spawnSync('npx', ['--no-install', command, ...args], { cwd: root, encoding: 'utf8' });
  const seconds = ((Date.now() - stepMs) / 1000).toFixed(1);
  console.log(`${done.status === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`);
  if (done.status !== 0) {
    console.log(done.stdout + done.stderr);
    process.exit(1);
  }
}

step('format', 'prettier', '--check', '--log-level', 'warn', '.');
step('lint', 'eslint', '--cache', '--cache-location', 'node_modules/.cache/eslint/', '.');
build();
step('unit', 'vitest', 'run', '--project', 'unit', '--project', 'wire', '--reporter=dot');
step('size', 'size-limit');
for (const name of ['sdk-browser', 'sdk-node', 'protocol']) step(`publint ${name}`, 'publint', name, '--strict');
for (const name of ['sdk-browser', 'sdk-node'])
  step(`types of ${name}`, 'attw', '--pack', name, '--profile', 'node16', '--no-emoji', '--quiet');
console.log(`check passed in ${Math.round((Date.now() - startedMs) / 1000)} s`);
