/** A real program of Debian's as a child process of a test. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const STARTED_WITHIN_MS = 60_000;

export interface RunningProgram {
  stop(): Promise<void>;
}

/** Starts a program and waits until `isReady` answers; its output is shown when it ends before that. */
export async function startProgram(path: string, args: readonly string[], isReady: () => Promise<boolean>): Promise<RunningProgram> {
  const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (text = (text + data.toString()).slice(-4_000)));
  const exited = once(child, 'exit');
  const end = performance.now() + STARTED_WITHIN_MS;
  while (!(await isReady().catch(() => false))) {
    if (child.exitCode !== null || performance.now() > end) {
      child.kill('SIGKILL');
      throw new Error(`${path} did not start:\n${text}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

export const answersOk = (url: string) => async (): Promise<boolean> => (await fetch(url)).ok;
