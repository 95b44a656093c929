/** One life of the owner process: from its start to its exit. */
import { fork, type ChildProcess } from 'node:child_process';
import { OutcryError } from '@outcry/protocol';
import { ownerFile } from './owner-file.js';
import type { OwnerMessage, OwnerTask } from './owner/owner-message.js';
import type { SupervisedProcess } from './supervise.js';

const READY_WITHIN_MS = 60_000;
const KEPT_STDERR_CHARS = 8_192;
/** Every running query occupies a thread of libuv's pool, and with the default of 4 the process's own file work would wait for queries. */
const POOL_THREADS = '16';

export interface OwnerProcess extends SupervisedProcess {
  /** The port it listens on, 0 with a socket. */
  readonly port: number;
  readonly version: string;
}

/**
 * Starts the owner process and waits until it listens.
 *
 * Rejects with OUTCRY_DATA_DIR_LOCKED, OUTCRY_DATA_DIR, OUTCRY_PORT_TAKEN, or an Error with the engine's reason; nothing is left running then.
 */
export function startOwner(task: OwnerTask, now: () => number = () => performance.now()): Promise<OwnerProcess> {
  const child = fork(ownerFile(), [], {
    env: { ...process.env, NODE_OPTIONS: '', TZ: 'UTC', UV_THREADPOOL_SIZE: POOL_THREADS, OUTCRY_OWNER_TASK: JSON.stringify(task) },
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-KEPT_STDERR_CHARS);
  });
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${String(code)}`));
  });
  return new Promise((resolve, reject) => {
    let lastBeatMs = now();
    let failure: { code: string | undefined; message: string } | undefined;
    const tooLate = setTimeout(() => child.kill('SIGKILL'), READY_WITHIN_MS);
    child.once('error', reject);
    child.on('message', (message: OwnerMessage) => {
      lastBeatMs = now();
      if (message.type === 'failed') failure = message;
      if (message.type !== 'ready') return;
      clearTimeout(tooLate);
      const { port, version } = message;
      resolve({ pid: pidOf(child), port, version, exited, lastBeatMs: () => lastBeatMs, kill: (signal) => void child.kill(signal) });
    });
    void exited.then((how) => {
      clearTimeout(tooLate);
      reject(startError(failure, stderr, how));
    });
  });
}

/**
 * Why a start failed, as the code that the operator can act on.
 *
 * The engine names a lock on stderr only, in words of its own.
 */
export function startError(failure: { code: string | undefined; message: string } | undefined, stderr: string, how: string): Error {
  const said = `${failure?.message ?? ''}\n${stderr}`;
  if (/Cannot lock file|Code: 76\b/.test(said)) return new OutcryError('OUTCRY_DATA_DIR_LOCKED');
  if (failure?.code === 'EADDRINUSE') return new OutcryError('OUTCRY_PORT_TAKEN', 'the port of the embedded engine');
  if (failure?.code !== undefined) return new OutcryError('OUTCRY_DATA_DIR', failure.code);
  return new Error(`the embedded engine did not start (${how}): ${said.trim()}`);
}

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error('a process that answers has an id');
  return child.pid;
}
