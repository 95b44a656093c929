/**
 * Counts how often one answer led to the next request. `fetch` gives up above undici's requests, each of which succeeded: only the chain
 * tells. An async context would tell it for sure, but costs every promise of the process on Node 20.
 */

/** As many as `fetch` follows. Source: Fetch Standard, HTTP-redirect fetch, step 7. */
const MAX_REDIRECTS = 20;
/** A redirect is followed at once; what comes later is a request of its own. */
const FOLLOWED_WITHIN_MS = 2_000;
const MAX_AWAITED = 100;
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];

export interface Redirects {
  /** A request begins. */
  begin(request: object, url: () => string): void;
  /** Its answer came; true where it is one redirect more than is followed. */
  isLoop(request: object, url: string, statusCode: number, location: string | undefined): boolean;
}

/** @param now - Milliseconds that only grow. */
export function followRedirects(now: () => number = () => performance.now()): Redirects {
  /** By URL, the lengths of the chains that lead there. */
  const awaited = new Map<string, number[]>();
  const lengths = new WeakMap<object, number>();
  let lastMs = -Infinity;
  return {
    begin(request, url) {
      if (awaited.size === 0) return;
      if (now() - lastMs > FOLLOWED_WITHIN_MS) {
        awaited.clear();
        return;
      }
      const here = url();
      const chains = awaited.get(here);
      if (!chains) return;
      // Of several chains at once, the longest goes on: the same answer leads them all to the same end.
      lengths.set(request, Math.max(...chains));
      chains.splice(chains.indexOf(Math.max(...chains)), 1);
      if (chains.length === 0) awaited.delete(here);
    },
    isLoop(request, url, statusCode, location) {
      if (!REDIRECTS.includes(statusCode) || location === undefined || !URL.canParse(location, url)) return false;
      const length = lengths.get(request) ?? 0;
      if (length >= MAX_REDIRECTS) return true;
      const { origin, pathname, search } = new URL(location, url);
      const next = origin + pathname + search;
      if (awaited.size >= MAX_AWAITED) awaited.clear();
      awaited.set(next, [...(awaited.get(next) ?? []), length + 1]);
      lastMs = now();
      return false;
    },
  };
}
