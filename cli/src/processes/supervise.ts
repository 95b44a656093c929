/** Keeps one child running: when it ends by itself it is started again, a little later each time. */
import { startChild, type Child, type ChildOptions } from './child.js';

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
/** A child that ran this long starts again without a longer wait. */
const STEADY_MS = 60_000;

export interface Supervised {
  readonly name: string;
  pid(): number;
  readonly facts: unknown;
  tell(message: unknown): void;
  stop(graceMs?: number): Promise<void>;
}

export interface SuperviseOptions extends Omit<ChildOptions, 'onGone'> {
  /** Told in plain words when the child ended and when it runs again. */
  readonly say: (line: string) => void;
  readonly now?: () => number;
}

/**
 * Starts a child and keeps it running until `stop`.
 *
 * Rejects only when the very first start fails; later failures are said and tried again.
 */
export async function supervise(options: SuperviseOptions): Promise<Supervised> {
  const { name, say, now = Date.now } = options;
  let current: Child | undefined;
  let stopped = false;
  const isStopped = (): boolean => stopped;
  let waitMs = FIRST_WAIT_MS;
  let startedAtMs = now();
  let cancelRestart: (() => void) | undefined;
  let restarting: Promise<void> | undefined;

  const start = async (): Promise<Child> => {
    startedAtMs = now();
    return startChild({ ...options, onGone });
  };
  const restart = async (): Promise<void> => {
    while (!stopped) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, waitMs);
        cancelRestart = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      if (isStopped()) return;
      waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2);
      try {
        current = await start();
        say(`${name} runs again (pid ${current.pid})`);
        return;
      } catch (error) {
        say(`${name} did not start again: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  };
  function onGone(why: string): void {
    if (stopped) return;
    if (now() - startedAtMs > STEADY_MS) waitMs = FIRST_WAIT_MS;
    say(`${name} ended by itself (${why}); starting it again`);
    restarting = restart();
  }

  current = await start();
  const { facts } = current;
  return {
    name,
    facts,
    pid: () => current?.pid ?? 0,
    tell: (message) => current?.tell(message),
    async stop(graceMs) {
      stopped = true;
      cancelRestart?.();
      await restarting;
      await current?.stop(graceMs);
    },
  };
}
