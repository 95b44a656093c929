/**
 * Builds what is missing or older than its sources: `tsc -b` (incremental by itself), then rollup for the two SDK packages.
 * `--force` bundles in any case. Prints one line a step.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The newest file of a folder, without what rollup itself writes into it. */
function newestMs(folder, accept, without = []) {
  let newest = 0;
  if (!existsSync(folder)) return newest;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !accept(entry.name) || without.includes(basename(entry.parentPath))) continue;
    newest = Math.max(newest, statSync(join(entry.parentPath, entry.name)).mtimeMs);
  }
  return newest;
}

function run(what, tool, args) {
  const started = performance.now();
  process.stdout.write(`build: ${what} … `);
  const done = spawnSync(process.execPath, [join(root, 'node_modules', tool), ...args], { cwd: root, encoding: 'utf8' });
  if (done.status !== 0) {
    process.stdout.write(`failed\n${done.stdout}${done.stderr}`);
    process.exit(1);
  }
  process.stdout.write(`${((performance.now() - started) / 1000).toFixed(1)} s\n`);
}

/** Builds every room; returns when `dist` of all of them is current. Ends the process with 1 when a step fails. */
export function build({ force = false } = {}) {
  run('types and JavaScript', 'typescript/bin/tsc', ['-b']);
  const isCode = (name) => name.endsWith('.js');
  const inputs = ['protocol/dist', 'sdk-core/dist', 'sdk-browser/build', 'sdk-node/build'].map((folder) =>
    newestMs(join(root, folder), isCode, ['min']),
  );
  const bundles = [
    'sdk-browser/dist/index.js',
    'sdk-browser/dist/outcry.iife.js',
    'sdk-browser/dist/outcry-worker.iife.js',
    'sdk-node/dist/index.js',
    'sdk-node/dist/index.d.ts',
  ].map((file) => join(root, file));
  const oldestBundleMs = Math.min(...bundles.map((file) => (existsSync(file) ? statSync(file).mtimeMs : 0)));
  const newestInputMs = Math.max(...inputs, statSync(join(root, 'rollup.config.mjs')).mtimeMs);
  if (force || oldestBundleMs < newestInputMs) run('SDK bundles', 'rollup/dist/bin/rollup', ['-c', '--silent']);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) build({ force: process.argv.includes('--force') });
