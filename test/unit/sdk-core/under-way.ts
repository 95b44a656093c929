/**
 * Follows what code under test has under way, so that a test's clock moves on when it is done, however slow the machine is. Without it a
 * clock that jumps ahead while something is still being sealed gives every later timer another date.
 */

/** Real I/O that nobody can follow, such as reading the body of an answer, gets this long. */
const QUIET_MS = 30;
/** A call that nobody answers on purpose. */
const UNANSWERED_MS = 200;

export interface UnderWay {
  /** The same object, of which every promise is followed. */
  follow<T extends object>(parts: T): T;
  /** The same function; what it calls may never answer. */
  followCall(call: typeof fetch): typeof fetch;
  /** Waits until nothing is under way any more. */
  rest(): Promise<void>;
}

export function makeUnderWay(): UnderWay {
  let work = 0;
  let calls = 0;
  let changedMs = 0;
  const change = (by: { readonly work?: number; readonly calls?: number }): void => {
    work += by.work ?? 0;
    calls += by.calls ?? 0;
    changedMs = performance.now();
  };

  function followed(result: unknown): unknown {
    if (!(result instanceof Promise)) return result;
    change({ work: 1 });
    return result.finally(() => change({ work: -1 }));
  }

  return {
    follow: (parts) =>
      new Proxy(parts, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name, target);
          return typeof value === 'function' ? (...args: unknown[]) => followed(Reflect.apply(value, target, args)) : value;
        },
      }),
    followCall: (call) => (url, init) => {
      change({ calls: 1 });
      return call(url, init).finally(() => change({ calls: -1 }));
    },
    async rest() {
      changedMs = performance.now();
      for (;;) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        const quietMs = performance.now() - changedMs;
        if (work === 0 && quietMs >= (calls > 0 ? UNANSWERED_MS : QUIET_MS)) return;
      }
    },
  };
}
