import { FAILED } from './ending.js';
import type { Begin, Ending } from './ending.js';
import { makeHook } from './hook.js';
import type { Hook } from './hook.js';

const HEADERS_RECEIVED = 2;

/** Watches `XMLHttpRequest` by its own events; no handler of the app is replaced. Synchronous requests fire no events and are not seen. */
export function watchXhr(prototype: XMLHttpRequest, begin: Begin): Hook {
  const opened = new WeakMap<XMLHttpRequest, readonly [url: string, method: string]>();

  function listen(xhr: XMLHttpRequest, end: (ending: Ending) => void): void {
    let silent = true;
    const types = ['readystatechange', 'load', 'error', 'timeout', 'abort'] as const;
    const hear = ({ type }: Event): void => {
      if (type === 'readystatechange') {
        if (xhr.readyState >= HEADERS_RECEIVED && xhr.status) silent = false;
        return;
      }
      for (const each of types) xhr.removeEventListener(each, hear);
      const how = type === 'load' ? 'answered' : type === 'timeout' ? 'timer' : type === 'abort' ? 'aborted' : 'failed';
      end({ ...FAILED, how, statusCode: how === 'answered' ? xhr.status : 0, silent });
    };
    for (const each of types) xhr.addEventListener(each, hear);
  }

  const open = makeHook(
    prototype,
    'open',
    (original, active) =>
      function outcryOpen(this: XMLHttpRequest, ...call: unknown[]): void {
        if (active()) opened.set(this, [String(call[1]), String(call[0])]);
        Reflect.apply(original, this, call);
      },
  );
  const send = makeHook(
    prototype,
    'send',
    (original, active) =>
      function outcrySend(this: XMLHttpRequest, ...call: Parameters<XMLHttpRequest['send']>): void {
        const target = active() && opened.get(this);
        const end = target && begin(...target, 'xhr');
        if (end) listen(this, end);
        original.apply(this, call);
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
