import { FAILED } from './ending.js';
import type { Begin, Ending } from './ending.js';
import { makeHook } from './hook.js';
import type { Hook } from './hook.js';

type Fetch = typeof fetch;

/** `AbortSignal.timeout`, and what libraries with a time limit of their own give as the reason (axios: a code). */
function isTimer(reason: unknown): boolean {
  const { name, code } = (reason ?? {}) as { readonly name?: unknown; readonly code?: unknown };
  return name === 'TimeoutError' || code === 'ETIMEDOUT' || code === 'ECONNABORTED';
}

/**
 * What a rejection of `fetch` means. The signal's reason tells more than the error: WebKit, and Firefox while it reads a body, reject
 * with `AbortError` even when `AbortSignal.timeout` fired. Source: measured in Chromium 156, Firefox 153 ESR and WebKitGTK 2.50.
 */
export function endingOf(error: unknown, signal: AbortSignal | null | undefined): Ending {
  if (signal?.aborted) return { ...FAILED, how: isTimer(signal.reason) ? 'timer' : 'aborted' };
  const name = (error as { name?: unknown } | null | undefined)?.name;
  return name === 'AbortError' ? { ...FAILED, how: 'aborted' } : FAILED;
}

/**
 * Watches `fetch`. The caller gets the response or the rejection of the function below, the very same object; a rejection that the
 * app does not handle stays unhandled.
 */
export function watchFetch(scope: { fetch: Fetch }, begin: Begin): Hook {
  return makeHook(scope, 'fetch', (original, active) => {
    const start = (
      input: RequestInfo | URL,
      init: RequestInit | undefined,
    ): [end: ReturnType<Begin>, signal?: AbortSignal | null | undefined] => {
      try {
        const request = typeof input === 'object' && 'url' in input ? input : undefined;
        const url = typeof input === 'string' ? input : 'url' in input ? input.url : input.href;
        const end = begin(url, init?.method ?? request?.method ?? 'GET', 'fetch', undefined, init?.headers ? init : request);
        return [end, init?.signal ?? request?.signal];
      } catch {
        return [undefined];
      }
    };

    return function outcryFetch(this: unknown, ...call: Parameters<Fetch>): Promise<Response> {
      const [end, signal] = active() ? start(...(call as [RequestInfo, RequestInit | undefined])) : [undefined];
      const answer = original.apply(this as typeof globalThis, call);
      // Another wrapper, or a test, may give back anything.
      if (typeof (answer as Partial<typeof answer> | undefined)?.then !== 'function' || !end) return answer;
      return answer.then(
        (response) => {
          const statusCode = (response as Response | undefined)?.status ?? 0;
          end({ how: 'answered', statusCode, silent: false }, { response, signal });
          return response;
        },
        (error: unknown) => {
          end(endingOf(error, signal));
          throw error;
        },
      );
    };
  });
}
