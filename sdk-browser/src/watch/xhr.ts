import type { Begin, Ending } from './ending.js';
import { makeHook } from './hook.js';
import type { Hook } from './hook.js';

const HEADERS_RECEIVED = 2;
/** What the events of its end mean. */
const ENDS = { load: 'answered', error: 'failed', timeout: 'timer', abort: 'aborted' } as const;

/**
 * Watches `XMLHttpRequest` by its own events; no handler of the app is replaced. Of synchronous requests a failure is known by what
 * `send` throws.
 */
export function watchXhr(prototype: XMLHttpRequest, begin: Begin): Hook {
  const opened = new WeakMap<XMLHttpRequest, readonly [url: string, method: string]>();
  /** Ends what was sent and has not ended. */
  const running = new WeakMap<XMLHttpRequest, (how?: Ending['how']) => void>();

  function listen(xhr: XMLHttpRequest, end: (ending: Ending) => void): (how?: Ending['how']) => void {
    let silent = true;
    const types = ['readystatechange', ...Object.keys(ENDS)];
    const finish = (how?: Ending['how']): void => {
      for (const each of types) xhr.removeEventListener(each, hear);
      if (how) end({ how, statusCode: how === 'answered' ? xhr.status : 0, silent });
      end = () => undefined;
    };
    const hear = ({ type }: Event): void => {
      if (type !== 'readystatechange') finish(ENDS[type as keyof typeof ENDS]);
      else if (xhr.readyState >= HEADERS_RECEIVED && xhr.status) silent = false;
    };
    for (const each of types) xhr.addEventListener(each, hear);
    return finish;
  }

  const open = makeHook(
    prototype,
    'open',
    (original, active) =>
      function outcryOpen(this: XMLHttpRequest, ...call: unknown[]): void {
        Reflect.apply(original, this, call);
        // Opening anew cuts off, without any event, what is under way.
        running.get(this)?.('aborted');
        if (active()) opened.set(this, [String(call[1]), String(call[0])]);
        else opened.delete(this);
      },
  );
  const send = makeHook(
    prototype,
    'send',
    (original, active) =>
      function outcrySend(this: XMLHttpRequest, ...call: Parameters<XMLHttpRequest['send']>): void {
        const target = active() ? opened.get(this) : undefined;
        const end = target && begin(...target, 'xhr', undefined, this);
        const finish = end && listen(this, end);
        try {
          original.apply(this, call);
        } catch (error) {
          const name = (error as Error | null)?.name;
          finish?.(name === 'NetworkError' ? 'failed' : name === 'TimeoutError' ? 'timer' : undefined);
          throw error;
        }
        if (finish) running.set(this, finish);
      },
  );

  return {
    start() {
      open.start();
      send.start();
    },
    stop() {
      open.stop();
      send.stop();
    },
  };
}
