/**
 * The owner process: the only one that has the data directory open. Started by `startStorage`, told what to do by its environment,
 * and gone when its parent is: on SIGTERM, and when the IPC channel closes.
 */
import { chmodSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { engineConfig } from './engine-config.js';
import { openEngine, type Engine } from './engine.js';
import { createFront } from './front.js';
import { createGate } from './gate.js';
import type { OwnerMessage, OwnerTask } from './owner-message.js';
import { openSpool } from './spool.js';

const MAX_DATA_BYTES = 1024 * 1024 * 1024;
/** Below the 16 threads of libuv's pool, so that a kill or a heartbeat always finds one. */
const MAX_RUNNING = 12;
const MAX_WAITING = 200;
const HEARTBEAT_MS = 1_000;
/** `close()` of the parent waits 2 s; a query that cannot be killed must not hold the process longer. */
const STOP_WITHIN_MS = 1_500;

const tell = (message: OwnerMessage) => {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
};

async function run(task: OwnerTask): Promise<void> {
  const configFile = join(task.dataDir, 'engine.xml');
  await writeFile(configFile, engineConfig({ maxMemoryBytes: task.maxMemoryBytes, backupDir: join(task.dataDir, 'backups') }), {
    mode: 0o600,
  });
  const spoolDir = join(task.dataDir, 'spool');
  const spool = await openSpool(spoolDir, MAX_DATA_BYTES);
  // Statements name spool files relative to here, so that no character of the directory's name gets into SQL.
  process.chdir(spoolDir);
  const engine = await openEngine(join(task.dataDir, 'engine'), configFile);
  const server = createFront({ engine, spool, gate: createGate(MAX_RUNNING, MAX_WAITING), password: task.password });
  const { listen } = task;
  const stop = stopper(engine, async () => {
    server.close();
    server.closeAllConnections();
    if ('socketPath' in listen) await rm(listen.socketPath, { force: true });
  });
  process.once('SIGTERM', stop);
  process.once('disconnect', stop);
  if (process.send !== undefined && !process.connected) stop();
  if ('socketPath' in listen) await rm(listen.socketPath, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen('socketPath' in listen ? { path: listen.socketPath } : listen, resolve);
  });
  if ('socketPath' in listen) chmodSync(listen.socketPath, 0o600);
  const address = server.address();
  tell({ type: 'ready', version: engine.version, port: typeof address === 'object' && address !== null ? address.port : 0 });
  const beat = async () => {
    await engine.isAlive();
    tell({ type: 'beat' });
    setTimeout(() => void beat(), HEARTBEAT_MS).unref();
  };
  await beat();
}

/** Stops listening, kills what runs, closes the engine; ends the process hard when that takes too long. */
function stopper(engine: Engine, stopListening: () => Promise<void>): () => void {
  let isStopping = false;
  return () => {
    if (isStopping) return;
    isStopping = true;
    // exit() would wait for running queries.
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), STOP_WITHIN_MS).unref();
    void (async () => {
      await stopListening();
      await engine.killAll();
      await engine.close();
      process.exit(0);
    })();
  };
}

// Ctrl-C reaches the whole process group; when to stop is for the parent to say, which may still have rows to write.
process.on('SIGINT', () => undefined);
const task = JSON.parse(process.env['OUTCRY_OWNER_TASK'] ?? 'null') as OwnerTask | null;
if (task === null) {
  process.stderr.write('This is the owner process of the embedded engine; startStorage() starts it.\n');
  process.exit(2);
}
run(task).catch((error: unknown) => {
  tell({ type: 'failed', code: codeOfSystem(error), message: error instanceof Error ? error.message : String(error) });
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
  // Lets the message out, then ends even if the engine left threads.
  setTimeout(() => process.exit(1), 50);
});

function codeOfSystem(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
