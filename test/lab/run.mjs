/**
 * `npm run lab -- [--fault NAME] [--engine NAME] [--json]`: the network fault lab. Runs in a private world (own network, mount and
 * process namespaces): its traffic cannot leave it, and its files, namespaces and processes end with it, even when it is killed.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { LAB_PROGRAMS, ensureProgram, installLine } from '../../scripts/programs.mjs';

const INSIDE = '--inside';
/** In memory that only the lab sees. */
const BUNDLES = '/run/lab';
const RESOLVER = '10.10.53.53';

/** Why the lab cannot run here, or undefined. */
function obstacle() {
  if (process.platform !== 'linux') return 'it needs Linux';
  if (process.getuid?.() !== 0) return 'it needs root';
  for (const program of LAB_PROGRAMS)
    if (ensureProgram(program) === undefined) return `${program.name} is missing; ${installLine(program)}`;
  const worlds = spawnSync('unshare', ['--net', '--mount', '--pid', '--fork', 'true'], { encoding: 'utf8' });
  return worlds.status === 0 ? undefined : `no namespaces can be made here: ${worlds.stderr?.trim() ?? worlds.error?.message}`;
}

function enter() {
  const why = obstacle();
  if (why !== undefined) {
    console.log(`lab skipped: ${why}`);
    process.exit(process.env.OUTCRY_REQUIRE_ALL === '1' ? 1 : 0);
  }
  const self = fileURLToPath(import.meta.url);
  const world = ['--net', '--mount', '--pid', '--fork', '--mount-proc', '--kill-child'];
  const child = spawn('unshare', [...world, process.execPath, self, INSIDE, ...process.argv.slice(2)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill('SIGKILL'));
  child.on('exit', (code) => process.exit(code ?? 130));
}

function mount(...args) {
  const done = spawnSync('mount', args, { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`mount ${args.join(' ')}: ${done.stderr}`);
}

/** Everything that the lab writes goes to memory that only it sees. */
function furnish() {
  const resolv = realpathSync('/etc/resolv.conf');
  for (const folder of ['/run', '/dev/shm']) mount('-t', 'tmpfs', 'tmpfs', folder);
  mkdirSync(BUNDLES);
  process.env.TMPDIR = BUNDLES;
  writeFileSync(`${BUNDLES}/resolv.conf`, `nameserver ${RESOLVER}\n`);
  if (resolv.startsWith('/run/')) {
    mkdirSync(resolv.slice(0, resolv.lastIndexOf('/')), { recursive: true });
    writeFileSync(resolv, '');
  }
  mount('--bind', `${BUNDLES}/resolv.conf`, resolv);
}

async function inside() {
  // The outer process is gone: so is the world, since this is its first process.
  process.on('disconnect', () => process.exit(130));
  furnish();
  const { build } = await import('esbuild');
  const here = (file) => fileURLToPath(new URL(file, import.meta.url));
  const external = {
    name: 'external',
    setup: ({ onResolve }) =>
      onResolve({ filter: /^(playwright-core|@outcry\/.*)$/ }, ({ path }) => ({
        path: import.meta.resolve(path),
        external: true,
      })),
  };
  await build({
    entryPoints: ['main', 'service', 'elsewhere', 'node-client', 'chromium-client'].map((name) => here(`${name}.ts`)),
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    outdir: BUNDLES,
    outExtension: { '.js': '.mjs' },
    plugins: [external],
    define: { 'import.meta.dirname': JSON.stringify(BUNDLES) },
    logLevel: 'error',
  });
  const { main } = await import(pathToFileURL(`${BUNDLES}/main.mjs`).href);
  const root = fileURLToPath(new URL('../..', import.meta.url));
  process.exit(await main(process.argv.slice(3), { root }));
}

if (process.argv[2] === INSIDE) await inside();
else enter();
