/**
 * The child's side of a process that the command starts. It ends when told, when its parent is gone, and never by Ctrl-C itself:
 * the terminal sends that to the whole group, and the parent stops everything in order.
 */
import { describeError } from '../describe-error.js';
import type { FromChild, ToChild } from './messages.js';

export interface RunningRole {
  /** What the parent is told once everything stands, such as addresses. */
  readonly facts: unknown;
  /** Takes what the parent says while running. */
  hear?(message: unknown): void;
  stop(): Promise<void>;
}

/** Longest time for a stop after the parent is gone, in ms. */
const ORPHAN_STOP_MS = 3000;

/**
 * Runs one role: waits for the settings, starts, says that it is ready, and stops when told.
 *
 * @param start - Gets the parent's settings and a function that sends an event to the parent.
 */
export function runRole(start: (settings: unknown, emit: (event: unknown) => void) => Promise<RunningRole>): void {
  const send = (message: FromChild): void => {
    if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
  };
  let running: Promise<RunningRole> | undefined;
  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    try {
      await (await running)?.stop();
    } finally {
      process.exit(0);
    }
  };
  process.on('SIGINT', () => undefined);
  process.on('SIGHUP', () => undefined);
  process.on('SIGTERM', () => void stop());
  process.on('disconnect', () => {
    setTimeout(() => process.exit(0), ORPHAN_STOP_MS).unref();
    void stop();
  });
  process.on('message', (raw) => {
    const message = raw as ToChild;
    if (message.do === 'stop') void stop();
    else if (message.do === 'tell') void running?.then((role) => role.hear?.(message.message));
    else {
      running = start(message.settings, (event) => send({ is: 'event', event }));
      running.then(
        ({ facts }) => send({ is: 'ready', facts }),
        (error: unknown) => {
          const { code, message: text } = describeError(error);
          process.send?.({ is: 'failed', code, message: text } satisfies FromChild, undefined, undefined, () => process.exit(1));
        },
      );
    }
  });
}
