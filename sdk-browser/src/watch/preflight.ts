/**
 * Whether the browser asks the service for permission before a request (the Fetch standard's CORS preflight): by its method, or a header
 * beyond the few that are always allowed.
 */
import type { Call } from './ending.js';
import { makeHook } from './hook.js';
import type { Hook } from './hook.js';

const SIMPLE_METHODS: readonly string[] = ['GET', 'HEAD', 'POST'];
const SIMPLE_HEADERS: readonly string[] = ['accept', 'accept-language', 'content-language', 'range'];
const SIMPLE_TYPE = /^(application\/x-www-form-urlencoded|multipart\/form-data|text\/plain)(;|$)/i;

export type AsksFirst = (method: string, call: Call) => boolean;

const isSimple = (name: string, value: string): boolean =>
  SIMPLE_HEADERS.includes(name.toLowerCase()) || (name.toLowerCase() === 'content-type' && SIMPLE_TYPE.test(value));

/** Of `XMLHttpRequest` the headers are known from `start` on. */
export function watchPreflights(prototype: XMLHttpRequest): Hook & { readonly asksFirst: AsksFirst } {
  const asking = new WeakSet<object>();
  const hook = makeHook(
    prototype,
    'setRequestHeader',
    (original, active) =>
      function outcrySetRequestHeader(this: XMLHttpRequest, ...call: Parameters<XMLHttpRequest['setRequestHeader']>): void {
        original.apply(this, call);
        if (active() && !isSimple(call[0], call[1])) asking.add(this);
      },
  );
  return {
    ...hook,
    asksFirst(method, call) {
      if (!SIMPLE_METHODS.includes(method)) return true;
      if (!call) return false;
      if ('setRequestHeader' in call) return asking.has(call);
      return [...new Headers(call.headers)].some(([name, value]) => !isSimple(name, value));
    },
  };
}
