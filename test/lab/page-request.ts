/** The app's request as it runs in the page. Each function is sent there as text: it may use nothing from outside of itself. */
import type { Asked } from './engine.js';

export interface Sent {
  /** A status, or an error's name. */
  readonly app: string;
  /** Milliseconds since the epoch. */
  readonly endedMs: number;
  readonly requestMs: number;
  /** The page was in the background when the request ended. */
  readonly wasHidden: boolean;
}

export async function sendByFetch({ url, limitMs, giveUpMs, preflight }: Asked): Promise<Sent> {
  const own = new AbortController();
  if (giveUpMs !== undefined) setTimeout(() => own.abort(), giveUpMs);
  const signal = giveUpMs === undefined ? AbortSignal.timeout(limitMs) : own.signal;
  const startedMs = performance.now();
  const app = await fetch(url, { signal, cache: 'no-store', headers: preflight ? { 'x-app': '1' } : {} })
    .then(async (response) => {
      await response.arrayBuffer();
      return String(response.status);
    })
    .catch((error: Error) => error.name);
  const endedMs = performance.now();
  return {
    app,
    endedMs: performance.timeOrigin + endedMs,
    requestMs: Math.round(endedMs - startedMs),
    wasHidden: document.visibilityState === 'hidden',
  };
}

export function sendByXhr({ url, limitMs }: Asked): Promise<Sent> {
  const startedMs = performance.now();
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open('GET', url);
    request.timeout = limitMs;
    request.onloadend = () => {
      const endedMs = performance.now();
      resolve({
        app: String(request.status),
        endedMs: performance.timeOrigin + endedMs,
        requestMs: Math.round(endedMs - startedMs),
        wasHidden: document.visibilityState === 'hidden',
      });
    };
    request.send();
  });
}
