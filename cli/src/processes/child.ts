/** The parent's side of one process that the command starts. */
import { fork, type ChildProcess } from 'node:child_process';
import { errorOf } from '../describe-error.js';
import type { FromChild, ToChild } from './messages.js';

export interface ChildOptions {
  /** What the lines call it. */
  readonly name: string;
  /** The module that calls `runRole`. */
  readonly module: URL;
  readonly settings: unknown;
  /** File descriptor for what it prints; it shares the parent's stderr when left out. */
  readonly output?: number | undefined;
  readonly onEvent?: ((event: unknown) => void) | undefined;
  /** Called once when it ended without having been told to. */
  readonly onGone?: ((why: string) => void) | undefined;
}

export interface Child {
  readonly name: string;
  readonly pid: number;
  readonly facts: unknown;
  tell(message: unknown): void;
  /** Asks it to stop and ends it after `graceMs`; resolves when it is gone. Never rejects. */
  stop(graceMs?: number): Promise<void>;
}

const DEFAULT_GRACE_MS = 2500;
/** Longest time until a child says that it is ready, in ms. */
const START_MS = 60_000;

/**
 * Starts a child process and resolves when it says that it is ready.
 *
 * Rejects with the child's own coded error when its start failed, or with a plain error when it ended or stayed silent.
 */
export async function startChild(options: ChildOptions): Promise<Child> {
  const { name, output = 2 } = options;
  const child: ChildProcess = fork(options.module, [], {
    stdio: ['ignore', output, output, 'ipc'],
    serialization: 'advanced',
    execArgv: ['--no-warnings'],
  });
  const gone = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code ?? 0}` : `signal ${signal}`));
    child.once('error', (error) => resolve(error.message));
  });
  let expected = false;
  const send = (message: ToChild): void => {
    if (child.connected) child.send(message, () => undefined);
  };
  const stop = async (graceMs = DEFAULT_GRACE_MS): Promise<void> => {
    expected = true;
    send({ do: 'stop' });
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    await gone;
    clearTimeout(timer);
  };

  const facts = await new Promise<unknown>((resolve, reject) => {
    const timer = setTimeout(() => {
      void stop(0);
      reject(new Error(`${name} did not start within ${START_MS / 1000} s`));
    }, START_MS);
    child.on('message', (raw) => {
      const message = raw as FromChild;
      if (message.is === 'ready') resolve(message.facts);
      else if (message.is === 'failed') reject(errorOf(message.code, message.message));
      else options.onEvent?.(message.event);
    });
    void gone.then((why) => {
      clearTimeout(timer);
      reject(new Error(`${name} ended before it was ready (${why})`));
    });
    send({ do: 'start', settings: options.settings });
    child.once('message', () => clearTimeout(timer));
  });
  void gone.then((why) => {
    if (!expected) options.onGone?.(why);
  });
  return { name, pid: child.pid ?? 0, facts, tell: (message) => send({ do: 'tell', message }), stop };
}
