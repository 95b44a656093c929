/** One small request of our own: a `no-cors` HEAD, which resolves exactly when some HTTP answer came, allowed or not. */
import type { Reply } from '../diagnose/evidence.js';

export interface Asked {
  readonly reply: Reply;
  readonly ms: number;
  /** The answer was a redirect that was not followed. */
  readonly leadsOn: boolean;
  /** By `performance.now()`. */
  readonly startedMark: number;
}

export interface AskParts {
  readonly fetchFn: typeof fetch;
  readonly mark: () => number;
  readonly setTimer: (run: () => void, ms: number) => () => void;
}

/**
 * Never rejects.
 *
 * @param capMs - How long to wait for it.
 * @param abort - Ends it before; the reply is then `not_run`.
 * @param init - Where it differs from a `no-cors` HEAD.
 */
export async function ask(
  { fetchFn, mark, setTimer }: AskParts,
  url: string,
  capMs: number,
  abort: AbortSignal,
  init: RequestInit = {},
): Promise<Asked> {
  const isOver = (): boolean => abort.aborted;
  if (isOver()) return { reply: 'not_run', ms: 0, leadsOn: false, startedMark: mark() };
  const own = new AbortController();
  // An object, for a closure writes to it.
  const cap = { reached: false };
  const cancel = setTimer(() => {
    cap.reached = true;
    own.abort();
  }, capMs);
  const end = (): void => own.abort();
  abort.addEventListener('abort', end);
  const startedMark = mark();
  const done = (reply: Reply, leadsOn = false): Asked => ({ reply, ms: mark() - startedMark, leadsOn, startedMark });
  try {
    const answer = await fetchFn(url, {
      method: 'HEAD',
      mode: 'no-cors',
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      cache: 'no-store',
      ...init,
      signal: own.signal,
    });
    // Its times are told once it is read; a HEAD has no body.
    answer.text().catch(() => undefined);
    return done('answered', answer.type === 'opaqueredirect');
  } catch {
    return done(cap.reached ? 'stalled' : isOver() ? 'not_run' : 'failed');
  } finally {
    cancel();
    abort.removeEventListener('abort', end);
  }
}
