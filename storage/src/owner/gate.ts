/** Lets a bounded number of queries run at once and a bounded number wait; each running query occupies a thread of libuv's pool. */
import { FrontError } from './front-error.js';

export interface Gate {
  /**
   * Runs the work when there is room.
   *
   * Rejects with code 202 when too many wait already, and with code 394 when the signal fires before the work has begun.
   */
  enter<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>;
}

export function createGate(maxRunning: number, maxWaiting: number): Gate {
  let running = 0;
  const waiting: (() => void)[] = [];
  const leave = () => {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  };
  return {
    async enter(work, signal) {
      if (running < maxRunning) running += 1;
      else if (waiting.length >= maxWaiting)
        throw new FrontError(202, 'TOO_MANY_SIMULTANEOUS_QUERIES', `more than ${maxWaiting} queries wait`);
      else await new Promise<void>((resolve) => void waiting.push(resolve));
      try {
        if (signal.aborted) throw new FrontError(394, 'QUERY_WAS_CANCELLED', 'the client went away');
        return await work();
      } finally {
        leave();
      }
    },
  };
}
