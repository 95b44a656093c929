/**
 * The clock of a fleet. While history is made it stands where the fleet puts it and timers fire when it passes them; afterwards it is
 * the clock of the machine, and what was still to come keeps its time.
 */

export interface FleetClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs once after `ms` of this clock; the result cancels it. Does not keep the process alive. */
  setTimer(run: () => void, ms: number): () => void;
  /** Moves a standing clock on and fires what is due, in order of time. */
  advance(toMs: number): void;
  /** From now on the machine's clock. */
  goLive(): void;
  readonly isLive: () => boolean;
}

interface Timer {
  readonly dueMs: number;
  readonly run: () => void;
  cancel: (() => void) | undefined;
}

function realTimer(run: () => void, ms: number): () => void {
  const timer = setTimeout(run, Math.min(ms, 2 ** 31 - 1));
  timer.unref();
  return () => clearTimeout(timer);
}

function earliest(timers: Iterable<Timer>, untilMs: number): Timer | undefined {
  let first: Timer | undefined;
  for (const timer of timers) if (timer.dueMs <= untilMs && (first === undefined || timer.dueMs < first.dueMs)) first = timer;
  return first;
}

/** @param startMs - Where the clock stands at first; undefined for a clock that is live from the start. */
export function makeFleetClock(startMs: number | undefined, machineNow: () => number = Date.now): FleetClock {
  let standing = startMs;
  const waiting = new Set<Timer>();
  return {
    now: () => standing ?? machineNow(),
    isLive: () => standing === undefined,
    setTimer(run, ms) {
      if (standing === undefined) return realTimer(run, ms);
      const timer: Timer = { dueMs: standing + ms, run, cancel: undefined };
      waiting.add(timer);
      return () => {
        waiting.delete(timer);
        timer.cancel?.();
      };
    },
    advance(toMs) {
      if (standing === undefined) return;
      for (let timer = earliest(waiting, toMs); timer !== undefined; timer = earliest(waiting, toMs)) {
        waiting.delete(timer);
        standing = Math.max(standing, timer.dueMs);
        timer.run();
      }
      standing = toMs;
    },
    goLive() {
      standing = undefined;
      for (const timer of waiting) timer.cancel = realTimer(timer.run, Math.max(0, timer.dueMs - machineNow()));
      waiting.clear();
    },
  };
}
