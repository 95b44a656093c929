/**
 * A private world for a run: own network, mount and process namespaces. Its traffic cannot leave it, and its files, namespaces and
 * processes end with it, even when it is killed.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ensureProgram, installLine } from '../../scripts/programs.mjs';

const INSIDE = '--inside';
/** In memory that only this world sees. */
const BUNDLES = '/run/lab';

/** Why no private world can be made here, or undefined. */
export function obstacle(programs) {
  if (process.platform !== 'linux') return 'it needs Linux';
  if (process.getuid?.() !== 0) return 'it needs root';
  for (const program of programs) if (ensureProgram(program) === undefined) return `${program.name} is missing; ${installLine(program)}`;
  const worlds = spawnSync('unshare', ['--net', '--mount', '--pid', '--fork', 'true'], { encoding: 'utf8' });
  return worlds.status === 0 ? undefined : `no namespaces can be made here: ${worlds.stderr?.trim() ?? worlds.error?.message}`;
}

function enter(self, programs, welcome) {
  const why = obstacle(programs);
  if (why !== undefined) {
    console.log(`${basename(self)} skipped: ${why}`);
    process.exit(process.env.OUTCRY_REQUIRE_ALL === '1' ? 1 : 0);
  }
  for (const program of welcome) ensureProgram(program);
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

/** Everything that the run writes goes to memory that only it sees. */
function furnish(resolverAddress) {
  const resolv = realpathSync('/etc/resolv.conf');
  for (const folder of ['/run', '/dev/shm']) mount('-t', 'tmpfs', 'tmpfs', folder);
  mkdirSync(BUNDLES);
  process.env.TMPDIR = BUNDLES;
  writeFileSync(`${BUNDLES}/resolv.conf`, `nameserver ${resolverAddress}\n`);
  if (resolv.startsWith('/run/')) {
    mkdirSync(resolv.slice(0, resolv.lastIndexOf('/')), { recursive: true });
    writeFileSync(resolv, '');
  }
  mount('--bind', `${BUNDLES}/resolv.conf`, resolv);
}

/** Bundles the entries side by side into a directory; packages stay where they are. */
async function bundle(entries, outdir) {
  const { build } = await import('esbuild');
  const external = {
    name: 'external',
    setup: ({ onResolve }) => onResolve({ filter: /^[^./]/ }, ({ path }) => ({ path: import.meta.resolve(path), external: true })),
  };
  await build({
    entryPoints: entries,
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    outdir,
    entryNames: '[name]',
    outExtension: { '.js': '.mjs' },
    plugins: [external],
    define: { 'import.meta.dirname': JSON.stringify(outdir) },
    logLevel: 'error',
  });
}

/** What can be said without a world: the exit code, or undefined when something is to run. */
async function answerOutside(file) {
  const folder = mkdtempSync(join(tmpdir(), 'outcry-lab-'));
  try {
    await bundle([file], folder);
    const { answer } = await import(pathToFileURL(join(folder, `${basename(file, '.ts')}.mjs`)).href);
    return answer(process.argv.slice(2));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Called at the end of a script that is a run of its own. Outside, it starts the script again in a private world; inside, it bundles
 * the entries and calls `main` of the first.
 *
 * @param {object} run
 * @param {string} run.self - `import.meta.url` of the script.
 * @param {readonly { name: string, debianPackage: string }[]} run.programs - What it needs; see scripts/programs.mjs.
 * @param {readonly { name: string, debianPackage: string }[]} [run.welcome] - What it can do without.
 * @param {readonly string[]} run.entries - TypeScript files, relative to the script. The first exports
 * `main(args, { root }) => Promise<exit code>`; the others can be started as roles, by their names.
 * @param {string} [run.before] - A TypeScript file whose `answer(args)` gives an exit code when nothing is to run. It is asked outside, before
 * a program is installed or a world made.
 * @param {string} run.resolverAddress - The name server in this world's resolv.conf.
 */
export async function runInPrivateWorld({ self, programs, welcome = [], entries, before, resolverAddress }) {
  if (process.argv[2] !== INSIDE) {
    const code = before === undefined ? undefined : await answerOutside(fileURLToPath(new URL(before, self)));
    if (code !== undefined) process.exit(code);
    enter(fileURLToPath(self), programs, welcome);
    return;
  }
  // The outer process is gone: so is the world, since this is its first process.
  process.on('disconnect', () => process.exit(130));
  furnish(resolverAddress);
  await bundle(
    entries.map((file) => fileURLToPath(new URL(file, self))),
    BUNDLES,
  );
  const { main } = await import(pathToFileURL(`${BUNDLES}/${basename(entries[0], '.ts')}.mjs`).href);
  const root = fileURLToPath(new URL('../..', import.meta.url));
  process.exit(await main(process.argv.slice(3), { root }));
}
