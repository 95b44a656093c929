/**
 * Notices that the page is on its way to another document, before it is hidden. Firefox ends requests then with the same error as a dead
 * network. By the Navigation API, for a `beforeunload` listener would keep pages out of the back/forward cache.
 */
const STILL_LEAVING_MS = 10_000;

interface NavigateEvent extends Event {
  readonly destination?: { readonly sameDocument?: boolean };
  readonly downloadRequest?: string | null;
}

export interface Leaving {
  isLeaving(): boolean;
  start(): void;
  stop(): void;
}

export function watchLeaving(scope: object, now: () => number): Leaving {
  const { navigation } = scope as { readonly navigation?: EventTarget };
  let leftAtMs = -Infinity;
  const hear = (event: Event): void => {
    const { destination, downloadRequest } = event as NavigateEvent;
    if (!destination?.sameDocument && (downloadRequest ?? null) === null) leftAtMs = now();
  };
  return {
    isLeaving: () => Math.abs(now() - leftAtMs) < STILL_LEAVING_MS,
    start: () => navigation?.addEventListener('navigate', hear),
    stop: () => navigation?.removeEventListener('navigate', hear),
  };
}
