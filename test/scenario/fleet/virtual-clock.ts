/**
 * A clock that only moves when every agent has nothing left to do at its present time. Timers run in order, those of one short slice
 * together; then promises settle and real cryptography ends before the next slice begins, so hours pass in the time the work takes.
 */
import type { CountedCrypto } from './counted-crypto.js';

interface Timer {
  readonly atMs: number;
  readonly order: number;
  run: (() => void) | undefined;
}

export interface VirtualClock {
  readonly now: () => number;
  readonly setTimer: (run: () => void, ms: number) => () => void;
  /** Runs everything that falls due until then. */
  runUntil(endMs: number): Promise<void>;
  /** Waits until nothing is left to do at the present time. */
  settle(): Promise<void>;
}

const SLICE_MS = 200;
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** @param work - What takes real time, and so has to be waited for. */
export function makeVirtualClock(startMs: number, work: Pick<CountedCrypto, 'idle' | 'isIdle'>): VirtualClock {
  /** A binary heap, the earliest first. */
  const heap: Timer[] = [];
  let nowMs = startMs;
  let order = 0;

  const isBefore = (a: Timer, b: Timer): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
  const at = (index: number): Timer => heap[index] as Timer;
  function swap(a: number, b: number): void {
    [heap[a], heap[b]] = [at(b), at(a)];
  }

  function push(timer: Timer): void {
    let index = heap.push(timer) - 1;
    for (let parent = (index - 1) >> 1; index > 0 && isBefore(at(index), at(parent)); parent = (index - 1) >> 1) {
      swap(index, parent);
      index = parent;
    }
  }

  function pop(): Timer {
    const first = at(0);
    const last = heap.pop() as Timer;
    if (heap.length === 0) return first;
    heap[0] = last;
    for (let index = 0; ;) {
      const [left, right] = [2 * index + 1, 2 * index + 2];
      let least = index;
      if (left < heap.length && isBefore(at(left), at(least))) least = left;
      if (right < heap.length && isBefore(at(right), at(least))) least = right;
      if (least === index) return first;
      swap(index, least);
      index = least;
    }
  }

  async function settle(): Promise<void> {
    // All promises that can settle have by the time of the next turn.
    do {
      await work.idle();
      await nextTurn();
    } while (!work.isIdle());
  }

  return {
    now: () => nowMs,
    setTimer(run, ms) {
      const timer: Timer = { atMs: nowMs + Math.max(0, ms), order: order++, run };
      push(timer);
      return () => (timer.run = undefined);
    },
    async runUntil(endMs) {
      await settle();
      while (heap.length > 0 && at(0).atMs <= endMs) {
        const sliceEndMs = Math.min(at(0).atMs + SLICE_MS, endMs);
        while (heap.length > 0 && at(0).atMs <= sliceEndMs) {
          const { atMs, run } = pop();
          if (!run) continue;
          nowMs = Math.max(nowMs, atMs);
          run();
        }
        await settle();
      }
      nowMs = endMs;
    },
    settle,
  };
}
