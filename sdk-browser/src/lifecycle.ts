/** The life of a page: hidden, closing, back from the cache. */

export interface Lifecycle {
  readonly isHidden: () => boolean;
  /** The page is being left: what fails now was cut off by that. */
  isClosing(): boolean;
  /** The page was visible all the time since then. */
  visibleSince(timeMs: number): boolean;
  /** The page is hidden, frozen or closed; it may not come back. */
  readonly onLeave: (run: () => void) => () => void;
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

  const listen = (targets: readonly (readonly [EventTarget, string])[], run: (event: Event) => void): (() => void) => {
    for (const [target, type] of targets) target.addEventListener(type, run);
    return () => {
      for (const [target, type] of targets) target.removeEventListener(type, run);
    };
  };
  const isHidden = (): boolean => closing || document.visibilityState === 'hidden';

  return {
    isHidden,
    isClosing: () => closing,
    visibleSince: (timeMs) => !isHidden() && hiddenAtMs < timeMs,
    onLeave: (run) =>
      listen(leaving, ({ type }) => {
        if (type !== 'visibilitychange' || document.visibilityState === 'hidden') run();
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
