import { describe, expect, it } from 'vitest';
import { endingOf, watchFetch } from '../../../sdk-browser/src/watch/fetch.js';
import type { Ending } from '../../../sdk-browser/src/watch/ending.js';

const abortError = new DOMException('aborted', 'AbortError');
const signalWith = (reason?: unknown): AbortSignal => {
  const controller = new AbortController();
  controller.abort(reason);
  return controller.signal;
};

describe('endingOf', () => {
  it("asks the signal's reason, for WebKit rejects with AbortError even when a time limit fired", () => {
    const timedOut = signalWith(new DOMException('timed out', 'TimeoutError'));
    expect(endingOf(abortError, timedOut).how).toBe('timer');
    expect(endingOf(new TypeError(), timedOut).how).toBe('timer');
    expect(endingOf(abortError, signalWith()).how).toBe('aborted');
    expect(endingOf('why', signalWith('why')).how).toBe('aborted');
  });

  it('takes an AbortError without a signal for the browser stopping, anything else for a failure', () => {
    expect(endingOf(abortError, undefined).how).toBe('aborted');
    for (const error of [new TypeError('Failed to fetch'), undefined, null, 'text']) expect(endingOf(error, undefined).how).toBe('failed');
  });
});

describe('watchFetch', () => {
  const setUp = (below: typeof fetch) => {
    const scope = { fetch: below };
    const begun: [string, string][] = [];
    const ended: Ending[] = [];
    const hook = watchFetch(scope, (url, method) => {
      begun.push([url, method]);
      return (ending) => ended.push(ending);
    });
    hook.start();
    return { scope, hook, begun, ended };
  };

  it('reads address and method of every form of call', async () => {
    const { scope, begun } = setUp(() => Promise.resolve(new Response()));
    await scope.fetch('https://a.example/1');
    await scope.fetch(new URL('https://a.example/2'), { method: 'post' });
    await scope.fetch(new Request('https://a.example/3', { method: 'PUT' }));
    await scope.fetch(new Request('https://a.example/4'), { method: 'DELETE' });
    expect(begun).toEqual([
      ['https://a.example/1', 'GET'],
      ['https://a.example/2', 'post'],
      ['https://a.example/3', 'PUT'],
      ['https://a.example/4', 'DELETE'],
    ]);
  });

  it('resolves with the same response and passes on this and all arguments', async () => {
    const response = new Response();
    const calls: unknown[][] = [];
    const { scope, ended } = setUp(function (this: unknown, ...call: unknown[]) {
      calls.push([this, ...call]);
      return Promise.resolve(response);
    } as typeof fetch);
    const init = { method: 'GET' };
    expect(await scope.fetch('https://a.example', init)).toBe(response);
    expect(calls).toEqual([[scope, 'https://a.example', init]]);
    expect(ended).toEqual([{ how: 'answered', statusCode: 200, silent: false }]);
  });

  it('leaves a rejection that nobody handles unhandled', async () => {
    const mine = new TypeError('mine');
    const { scope } = setUp(() => Promise.reject(mine));
    const before = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    const heard = new Promise((resolve) => process.once('unhandledRejection', resolve));
    void scope.fetch('https://a.example');
    expect(await heard).toBe(mine);
    for (const listener of before) process.on('unhandledRejection', listener);
  });

  it('goes on when the arguments cannot be read', async () => {
    const { scope } = setUp(() => Promise.resolve(new Response()));
    const hostile = {
      get method(): string {
        throw new Error('hostile');
      },
    };
    expect((await scope.fetch('https://a.example', hostile)).status).toBe(200);
  });

  it('passes on whatever another wrapper gives back instead of a promise of a response', async () => {
    for (const answer of [undefined, null, 7, { ok: true }]) {
      const { scope } = setUp((() => answer) as unknown as typeof fetch);
      expect(scope.fetch('https://a.example')).toBe(answer);
      const later = setUp((() => Promise.resolve(answer)) as unknown as typeof fetch);
      expect(await later.scope.fetch('https://a.example')).toBe(answer);
      expect(later.ended).toHaveLength(1);
    }
  });

  it('can be called without an object, and throws what the function below throws', async () => {
    const { scope } = setUp(function (this: unknown) {
      if (this !== undefined && this !== scope) throw new TypeError('Illegal invocation');
      return Promise.resolve(new Response());
    } as typeof fetch);
    expect((await scope.fetch.call(undefined as never, 'https://a.example')).status).toBe(200);
    expect(() => scope.fetch.call({} as never, 'https://a.example')).toThrow('Illegal invocation');
  });

  it('says nothing once stopped, even as a pass-through under another wrapper', async () => {
    const { scope, hook, begun } = setUp(() => Promise.resolve(new Response()));
    const ours = scope.fetch;
    scope.fetch = (...call) => ours(...call);
    hook.stop();
    await scope.fetch('https://a.example');
    expect(begun).toEqual([]);
  });
});
