/**
 * Watches the opening of WebSockets and the (re)connecting of event sources. The constructors are put behind a proxy, so that their
 * statics, `instanceof` and subclasses stay as they were; what happens on an open connection is the app's own affair.
 */
import { FAILED } from './ending.js';
import type { Begin, End, Ending } from './ending.js';
import { makeHook } from './hook.js';
import type { Hook } from './hook.js';

/** `made` is called with every new object while active. */
function watchNew<T extends object>(scope: T, name: keyof T, made: (object: EventTarget, call: readonly unknown[]) => void): Hook {
  const hook = makeHook(scope, name, (original, active) => {
    if (typeof original !== 'function') return original;
    return new Proxy(original, {
      construct(target, call: unknown[], newTarget) {
        const object = Reflect.construct(target, call, newTarget) as EventTarget;
        if (active())
          try {
            made(object, call);
          } catch {
            // Another product's idea of a socket.
          }
        return object;
      },
    });
  });
  // Some ask an object for its constructor instead of `instanceof`.
  const { prototype } = scope[name] as { prototype: { constructor: unknown } };
  return both(
    hook,
    makeHook(prototype, 'constructor', () => scope[name]),
  );
}

const both = (one: Hook, other: Hook): Hook => ({
  start() {
    one.start();
    other.start();
  },
  stop() {
    one.stop();
    other.stop();
  },
});

const TLS_FAILED = 1015;
const CLOSING = 2;
const ES_CLOSED = 2;

export function watchWebSockets(scope: { WebSocket: typeof WebSocket }, begin: Begin): Hook {
  const givenUp = new WeakSet<object>();
  const socket = watchNew(scope, 'WebSocket', (made, [address]) => {
    const end = begin(String(address), 'GET', 'websocket');
    if (!end) return;
    const hear = (event: Event): void => {
      for (const type of ['open', 'close']) made.removeEventListener(type, hear);
      if (event.type === 'open') end({ how: 'answered', statusCode: 101, silent: false });
      else if (givenUp.has(made)) end({ ...FAILED, how: 'aborted' });
      else end({ ...FAILED, ...((event as CloseEvent).code === TLS_FAILED && { sign: 'tls' }) });
    };
    for (const type of ['open', 'close']) made.addEventListener(type, hear);
  });
  const close = makeHook(
    scope.WebSocket.prototype,
    'close',
    (original, active) =>
      function outcryClose(this: WebSocket, ...call: Parameters<WebSocket['close']>): void {
        if (active() && this.readyState < CLOSING) givenUp.add(this);
        Reflect.apply(original, this, call);
      },
  );
  return both(socket, close);
}

/**
 * @param saysHttp - Chromium and WebKit close an event source for good exactly when some HTTP answer came; Firefox always does.
 */
export function watchEventSources(scope: { EventSource: typeof EventSource }, begin: Begin, saysHttp: boolean): Hook {
  const givingUp = new WeakMap<object, () => void>();
  const source = watchNew(scope, 'EventSource', (made, [address]) => {
    const start = (): End | undefined => begin(String(address), 'GET', 'eventsource');
    let end = start();
    let failing = false;
    const finish = (ending: Ending): void => {
      const run = end;
      end = undefined;
      run?.(ending);
    };
    givingUp.set(made, () => finish({ ...FAILED, how: 'aborted' }));
    made.addEventListener('open', () => {
      failing = false;
      finish({ how: 'answered', statusCode: 200, silent: false });
    });
    made.addEventListener('error', () => {
      const closed = (made as EventSource).readyState === ES_CLOSED;
      // One that was open tries again; only when that fails too has something failed, and it is told once.
      const isNew = end !== undefined && !failing;
      failing ||= isNew;
      finish(isNew ? { ...FAILED, ...(closed && saysHttp && { sign: 'http' }) } : { ...FAILED, how: 'aborted' });
      if (!closed) end = start();
    });
  });
  const close = makeHook(
    scope.EventSource.prototype,
    'close',
    (original) =>
      function outcryClose(this: EventSource): void {
        Reflect.apply(original, this, []);
        givingUp.get(this)?.();
      },
  );
  return both(source, close);
}
