/**
 * Asking the failing host itself: a `no-cors` HEAD of its icon, which resolves exactly when some HTTP answer came, allowed or not.
 * At most one per origin and minute and six per hour; between them the last result stands for ten minutes.
 */
import type { Evidence } from './diagnose.js';

const GAP_MS = 60_000;
const HOUR_MS = 3_600_000;
const PER_HOUR = 6;
const RESULT_LASTS_MS = 600_000;
/** Long enough for a slow answer, short enough that the page is likely still there. */
const CAP_MS = 5_000;

type Result = Evidence['probe'];

interface Past {
  times: number[];
  running?: { readonly result: Promise<Result>; readonly abort: AbortController } | undefined;
  last: Result;
}

export interface Probes {
  /** Never rejects. */
  ask(origin: string): Promise<Result>;
  /** The origin answers again: a running probe is cancelled and the last result forgotten. */
  healed(origin: string): void;
}

export function makeProbes({
  fetchFn,
  now,
  setTimer,
}: {
  readonly fetchFn: typeof fetch;
  readonly now: () => number;
  readonly setTimer: (run: () => void, ms: number) => () => void;
}): Probes {
  const pasts = new Map<string, Past>();

  async function run(origin: string, abort: AbortController): Promise<Result> {
    // An object, for a closure writes to it.
    const cap = { reached: false };
    const cancel = setTimer(() => {
      cap.reached = true;
      abort.abort();
    }, CAP_MS);
    try {
      await fetchFn(`${origin}/favicon.ico`, {
        method: 'HEAD',
        mode: 'no-cors',
        credentials: 'omit',
        referrerPolicy: 'no-referrer',
        cache: 'no-store',
        signal: abort.signal,
      });
      return 'answered';
    } catch {
      return cap.reached ? 'stalled' : abort.signal.aborted ? 'not_run' : 'failed';
    } finally {
      cancel();
    }
  }

  return {
    ask(origin) {
      const past: Past = pasts.get(origin) ?? { times: [], last: 'not_run' };
      pasts.set(origin, past);
      if (past.running) return past.running.result;
      const at = now();
      past.times = past.times.filter((time) => at - time < HOUR_MS && time <= at);
      const before = past.times.at(-1) ?? -Infinity;
      if (at - before < GAP_MS || past.times.length >= PER_HOUR)
        return Promise.resolve(at - before < RESULT_LASTS_MS ? past.last : 'not_run');
      past.times.push(at);
      const abort = new AbortController();
      const result = run(origin, abort).then((found) => {
        past.running = undefined;
        return (past.last = found);
      });
      past.running = { result, abort };
      return result;
    },
    healed(origin) {
      const past = pasts.get(origin);
      if (!past) return;
      past.last = 'not_run';
      past.running?.abort.abort();
    },
  };
}
