/** `npm run check`: format, lint, types, unit tests, sizes, package lint; ends at the first step that fails. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from './build.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const startedMs = Date.now();

/** Runs one tool; its output is shown only when it fails. */
function step(name, command, ...args) {
  const stepMs = Date.now();
  const child = spawn('npx', ['--no-install', command, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
  return new Promise((resolve) => {
    child.on('close', (status) => {
      console.log(`${status === 0 ? 'ok  ' : 'FAIL'} ${name} (${((Date.now() - stepMs) / 1000).toFixed(1)} s)`);
      if (status === 0) return resolve();
      console.log(output);
      process.exit(1);
    });
  });
}

await Promise.all([
  step('format', 'prettier', '--check', '--log-level', 'warn', '.'),
  step('lint', 'eslint', '--cache', '--cache-location', 'node_modules/.cache/eslint/', '.'),
]);
build();
await step('types of tests', 'tsc', '-p', 'test');
await step('unit', 'vitest', 'run', '--project', 'unit', '--project', 'wire', '--reporter=dot');
await step('size', 'size-limit');
for (const name of ['sdk-browser', 'sdk-node', 'protocol']) await step(`publint ${name}`, 'publint', name, '--strict');
for (const name of ['sdk-browser', 'sdk-node'])
  await step(`types of ${name}`, 'attw', '--pack', name, '--profile', 'node16', '--no-emoji', '--quiet');
console.log(`check passed in ${Math.round((Date.now() - startedMs) / 1000)} s`);
