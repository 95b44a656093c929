/** A process of the lab in one of its networks, asked over Node's own channel. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';

interface Asked {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

interface Answered {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

export interface Role {
  readonly pid: number | undefined;
  /** Rejects when the call failed there, or the process ended. */
  ask<R>(name: string, argument?: unknown): Promise<R>;
  stop(): Promise<void>;
}

/** Starts `NAME.ts` of this folder inside a network. */
export const startRole = (namespace: string, name: string, env: Readonly<Record<string, string>> = {}): Role =>
  startProcess(['ip', 'netns', 'exec', namespace], name, env);

/** Starts `NAME.ts` of this folder with network and mount namespaces of its own. */
export const startApart = (name: string, env: Readonly<Record<string, string>>): Role =>
  startProcess(['unshare', '--net', '--mount'], name, env);

function startProcess([program = '', ...args]: readonly string[], name: string, env: Readonly<Record<string, string>>): Role {
  const child = spawn(program, [...args, process.execPath, join(import.meta.dirname, `${name}.mjs`)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, ...env },
  });
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let next = 0;
  const exited = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      for (const { reject } of waiting.values()) reject(new Error(`${name} ended: ${signal ?? String(code)}`));
      waiting.clear();
      resolve();
    });
  });
  child.on('message', (message) => {
    const { id, result, error } = message as Answered;
    const caller = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) caller?.resolve(result);
    else caller?.reject(new Error(`${name}: ${error}`));
  });
  return {
    pid: child.pid,
    ask: <R>(call: string, argument?: unknown) =>
      new Promise<R>((resolve, reject) => {
        const id = next++;
        waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
        child.send({ id, name: call, argument } satisfies Asked, (error) => {
          if (error) reject(error);
        });
      }),
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exited;
    },
  };
}

/** In such a process: answers the calls. Ends with the channel. */
export function serveCalls(calls: Readonly<Record<string, (argument: never) => unknown>>): void {
  process.on('disconnect', () => process.exit(0));
  process.on('message', (message) => {
    const { id, name, argument } = message as Asked;
    const call = calls[name];
    Promise.resolve()
      .then(() => call?.(argument as never))
      .then(
        (result) => process.send?.({ id, result } satisfies Answered),
        (error: unknown) => process.send?.({ id, error: String(error) } satisfies Answered),
      );
  });
}
