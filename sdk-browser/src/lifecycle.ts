/** The life of a page: hidden, closing, back from the cache. */
import { listen } from './listen.js';

export interface Lifecycle {
  readonly isHidden: () => boolean;
  /** The page is being left: what fails now was cut off by that. */
  isClosing(): boolean;
  /** The page was visible all the time since then. */
  visibleSince(timeMs: number): boolean;
  /** The page is hidden, frozen or closed; it may not come back. `closing` from `pagehide` on, when nothing asynchronous may end any more. */
  readonly onLeave: (run: (closing: boolean) => void) => () => void;
  start(): void;
  stop(): void;
}

export function watchLifecycle(scope: Window, now: () => number): Lifecycle {
  const { document } = scope;
  // A hidden page is often never seen again: mobile systems end it without pagehide.
  const leaving = [
    [scope, 'pagehide'],
    [document, 'freeze'],
    [document, 'visibilitychange'],
  ] as const;
  let closing = false;
  let hiddenAtMs = -Infinity;
  let stops: (() => void)[] = [];

  const isHidden = (): boolean => closing || document.visibilityState === 'hidden';

  return {
    isHidden,
    isClosing: () => closing,
    visibleSince: (timeMs) => !isHidden() && hiddenAtMs < timeMs,
    onLeave: (run) =>
      listen(leaving, ({ type }) => {
        if (type !== 'visibilitychange' || document.visibilityState === 'hidden') run(closing || type === 'pagehide');
      }),
    start() {
      if (stops.length > 0) return;
      stops = [
        listen(leaving, ({ type }) => {
          closing ||= type === 'pagehide';
          if (isHidden()) hiddenAtMs = now();
        }),
        listen([[scope, 'pageshow']], () => (closing = false)),
      ];
    },
    stop() {
      for (const run of stops) run();
      stops = [];
    },
  };
}
