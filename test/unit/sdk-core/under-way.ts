/**
 * Follows what code under test has under way, so that a test's clock moves on when it is done, however slow the machine is. Without it a
 * clock that jumps ahead while something is still being sealed gives every later timer another date.
 */

/** Time is counted in turns of the event loop, which does all I/O that is there in each: a machine that stands still counts none. */
const TURN_MS = 5;
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
  let changes = 0;
  const change = (by: { readonly work?: number; readonly calls?: number }): void => {
    work += by.work ?? 0;
    calls += by.calls ?? 0;
    changes += 1;
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
      changes = 0;
      for (let quietTurns = 0; ; quietTurns++) {
        const before = changes;
        await new Promise((resolve) => setTimeout(resolve, TURN_MS));
        if (changes !== before) quietTurns = 0;
        if (work === 0 && quietTurns * TURN_MS >= (calls > 0 ? UNANSWERED_MS : QUIET_MS)) return;
      }
    },
  };
}
