/** Keeps one process running: restarts it when it ends, kills it when it falls silent. The embedded engine's owner, and a collector's workers. */
import { setTimeout as sleep } from 'node:timers/promises';

const CHECK_EVERY_MS = 1_000;
/** The process gives a sign of life every second; a machine under load may delay it a good deal. */
const SILENT_AFTER_MS = 20_000;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;
/** One that ran this long was healthy; the next restart is quick again. */
const HEALTHY_AFTER_MS = 60_000;
/** `close()` of the embedded engine promises 2 s. */
export const TERM_GRACE_MS = 1_800;

/** One life of a process, as far as it is supervised. */
export interface SupervisedProcess {
  readonly pid: number;
  /** Settles when the process has ended, with how. */
  readonly exited: Promise<string>;
  /** When it last gave a sign of life, in ms of `performance.now()`: a wall clock that is set would make it seem silent. */
  lastBeatMs(): number;
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
}

export interface Supervisor<P extends SupervisedProcess = SupervisedProcess> {
  current(): P;
  stop(): Promise<void>;
}

export interface SuperviseOptions {
  readonly log: (line: string) => void;
  /** What the lines call it. */
  readonly name?: string;
  /** What it gets between SIGTERM and SIGKILL, in ms. */
  readonly termGraceMs?: number;
  readonly now?: () => number;
  readonly silentAfterMs?: number;
}

/**
 * The pause before a restart.
 *
 * @param restarts - Restarts in a row so far, 0 or more.
 * @returns Milliseconds: 200, doubling to 10,000. Never throws.
 */
export function restartPauseMs(restarts: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(restarts, 16));
}

/**
 * Supervises a process that is already running.
 *
 * @param start - Starts the next one, at the same address.
 */
export function supervise<P extends SupervisedProcess>(first: P, start: () => Promise<P>, options: SuperviseOptions): Supervisor<P> {
  const {
    log,
    name = 'the embedded engine',
    termGraceMs = TERM_GRACE_MS,
    now = () => performance.now(),
    silentAfterMs = SILENT_AFTER_MS,
  } = options;
  const stopping = new AbortController();
  const isStopping = () => stopping.signal.aborted;
  let owner = first;

  /** Waits for the end of the present owner, which may be an end by the watchdog. */
  const endOfLife = async (): Promise<string> => {
    const watchdog = setInterval(() => {
      if (now() - owner.lastBeatMs() < silentAfterMs) return;
      log(`${name} has been silent for ${silentAfterMs} ms and is killed`);
      owner.kill('SIGKILL');
    }, CHECK_EVERY_MS);
    try {
      return await owner.exited;
    } finally {
      clearInterval(watchdog);
    }
  };

  const watch = async (): Promise<void> => {
    let restarts = 0;
    let isRunning = true;
    while (!isStopping()) {
      if (isRunning) {
        const startedMs = now();
        const how = await endOfLife();
        if (isStopping()) return;
        log(`${name} ended (${how}) and is started again`);
        if (now() - startedMs > HEALTHY_AFTER_MS) restarts = 0;
      }
      await sleep(restartPauseMs(restarts), undefined, { signal: stopping.signal }).catch(() => undefined);
      restarts += 1;
      if (isStopping()) return;
      isRunning = await start().then(
        (next) => {
          owner = next;
          return true;
        },
        (error: unknown) => {
          log(`${name} does not start: ${error instanceof Error ? error.message : String(error)}`);
          return false;
        },
      );
    }
    // stop() came while the next one was starting.
    if (isRunning) {
      owner.kill('SIGTERM');
      await owner.exited;
    }
  };

  const watching = watch();
  return {
    current: () => owner,
    async stop() {
      stopping.abort();
      owner.kill('SIGTERM');
      const hard = setTimeout(() => owner.kill('SIGKILL'), termGraceMs);
      await watching;
      clearTimeout(hard);
    },
  };
}
