/**
 * Notices that this page or process did not run: a sleeping laptop, a frozen or throttled tab, a stopped process, an event loop that was
 * kept busy. What failed across such a gap says nothing of the network. Ticks only while a request is under way.
 */
const TICK_MS = 2_000;
/** Background tabs may be a second late without being asleep. */
const LATE_MS = 4_000;

export interface SleepWatch {
  /** A request is under way. `now` says whether we slept meanwhile; `end` too, at the request's end. */
  awake(): { now(): boolean; end(): boolean };
}

export function watchSleep(now: () => number, setTimer: (run: () => void, ms: number) => () => void): SleepWatch {
  let underWay = 0;
  let tickedAtMs = 0;
  let gaps = 0;
  let cancel: (() => void) | undefined;

  const look = (): void => {
    const at = now();
    // The clock may have been set back as well.
    if (Math.abs(at - tickedAtMs) > TICK_MS + LATE_MS) gaps++;
    tickedAtMs = at;
  };
  const tick = (): void => {
    look();
    cancel = setTimer(tick, TICK_MS);
  };

  return {
    awake() {
      if (underWay++ === 0) {
        tickedAtMs = now();
        cancel = setTimer(tick, TICK_MS);
      }
      const before = gaps;
      const slept = (): boolean => {
        look();
        return gaps > before;
      };
      return {
        now: slept,
        end() {
          const answer = slept();
          if (--underWay === 0) cancel?.();
          return answer;
        },
      };
    },
  };
}
