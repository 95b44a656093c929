/**
 * Watches the reading of response bodies: what breaks off, stalls or cannot be unpacked after `fetch` gave its response. The app's own
 * calls are looked at, by the methods of `Response` and of readers; nothing is teed, read ahead or kept. Not seen: `pipeTo`, `for await`.
 */
import type { Ending, Given } from './ending.js';
import { endingOf } from './fetch.js';
import { makeGetterHook } from './getter-hook.js';
import { makeHook } from './hook.js';
import type { Hook } from './hook.js';

/** How reading it failed. */
export type Broken = Pick<Ending, 'how' | 'sign'>;

export interface Body {
  /** The app has begun to read it. */
  isRead(): boolean;
  /** Called once, when it was read to its end (undefined), or broke. */
  onEnd(run: (broken: Broken | undefined) => void): void;
}

export interface BodyWatch extends Hook {
  /** The body of a response that was just given to the app; undefined where it has none that can be watched. */
  expect(given: Given): Body | undefined;
}

interface Expected {
  readonly signal: AbortSignal | null | undefined;
  read: boolean;
  end(broken: Broken | undefined): void;
}

const NO_BODY = [204, 205, 304];
const WHOLE = ['arrayBuffer', 'blob', 'bytes', 'formData', 'json', 'text'] as const;

/** Firefox's words. Chromium has none, and WebKit reads what is there without an error. */
function signOf(error: unknown): Pick<Ending, 'sign'> {
  const message = String((error as { message?: unknown } | null | undefined)?.message);
  if (/Content-Length/.test(message)) return { sign: 'length' };
  return /[Dd]ecod/.test(message) ? { sign: 'decoding' } : {};
}

/** What a rejected reading means; undefined for one that says nothing of the network, such as text that is no JSON. */
function brokenOf(error: unknown, signal: AbortSignal | null | undefined): Broken | undefined {
  const name = (error as { name?: unknown } | null | undefined)?.name;
  if (signal?.aborted) return { how: endingOf(error, signal).how };
  // Firefox ends a stalled body by itself with `AbortError`.
  return name === 'TypeError' || name === 'AbortError' || name === 'NetworkError' ? { how: 'failed', ...signOf(error) } : undefined;
}

export function watchBodies(scope: {
  readonly Response?: { readonly prototype: Response };
  readonly ReadableStream?: { readonly prototype: ReadableStream };
  readonly ReadableStreamDefaultReader?: { readonly prototype: ReadableStreamDefaultReader };
  readonly ReadableStreamBYOBReader?: { readonly prototype: ReadableStreamBYOBReader };
}): BodyWatch {
  const expected = new WeakMap<object, Expected>();

  /** Readers that the app has let go of: theirs is then not the stream's end. */
  const released = new WeakSet<object>();
  const reading = new WeakMap<object, Expected>();

  const whole = (name: (typeof WHOLE)[number], prototype: Response): Hook =>
    makeHook(prototype, name, (original, active) => {
      const read = original as (this: Response, ...call: unknown[]) => Promise<unknown>;
      return function outcryRead(this: Response, ...call: unknown[]): Promise<unknown> {
        const found = active() ? expected.get(this) : undefined;
        // A body that was read before rejects too.
        const fresh = found && !this.bodyUsed;
        const reading = Reflect.apply(read, this, call) as Promise<unknown> | undefined;
        if (!fresh || typeof reading?.then !== 'function') return reading as Promise<unknown>;
        found.read = true;
        // Handed on, so that a rejection which the app does not handle stays unhandled.
        return reading.then(
          (value) => {
            found.end(undefined);
            return value;
          },
          (error: unknown) => {
            found.end(brokenOf(error, found.signal));
            throw error;
          },
        );
      } as Response[typeof name];
    });

  const hooks: Hook[] = [];
  const { Response: Answer, ReadableStream: Stream } = scope;
  if (Answer) {
    for (const name of WHOLE) if (typeof Answer.prototype[name] === 'function') hooks.push(whole(name, Answer.prototype));
    hooks.push(
      makeHook(
        Answer.prototype,
        'clone',
        (original, active) =>
          function outcryClone(this: Response): Response {
            const copy = Reflect.apply(original, this, []);
            const found = active() ? expected.get(this) : undefined;
            if (found) expected.set(copy, found);
            return copy;
          },
      ),
    );
    hooks.push(
      makeGetterHook(Answer.prototype, 'body', (response, stream) => {
        const found = stream && expected.get(response);
        if (found) expected.set(stream, found);
      }),
    );
  }
  if (Stream)
    hooks.push(
      makeHook(Stream.prototype, 'getReader', (original, active) => {
        const get = original as (this: ReadableStream, ...call: unknown[]) => ReadableStreamDefaultReader;
        return function outcryGetReader(this: ReadableStream, ...call: unknown[]): ReadableStreamDefaultReader {
          const reader = Reflect.apply(get, this, call);
          const found = active() ? expected.get(this) : undefined;
          if (!found) return reader;
          found.read = true;
          reading.set(reader, found);
          // Browsers never tell of this promise by themselves.
          reader.closed.then(
            () => found.end(undefined),
            (error: unknown) => {
              if (!released.has(reader)) found.end(brokenOf(error, found.signal));
            },
          );
          return reader;
        } as ReadableStream['getReader'];
      }),
    );
  for (const reader of [scope.ReadableStreamDefaultReader, scope.ReadableStreamBYOBReader])
    if (reader)
      hooks.push(
        makeHook(
          reader.prototype as ReadableStreamDefaultReader,
          'releaseLock',
          (original) =>
            function outcryRelease(this: ReadableStreamDefaultReader): void {
              Reflect.apply(original, this, []);
              released.add(this);
              // Who reads the rest may be somebody whom nobody sees.
              const found = reading.get(this);
              if (found) found.read = false;
            },
        ),
      );
  return {
    expect({ response, signal }) {
      if (!Answer || !(response instanceof (Answer as typeof Response)) || response.status === 0) return undefined;
      if (NO_BODY.includes(response.status) || response.bodyUsed) return undefined;
      const waiting: ((broken: Broken | undefined) => void)[] = [];
      let over = false;
      const found: Expected = {
        signal,
        read: false,
        end(broken) {
          if (over) return;
          over = true;
          for (const run of waiting) run(broken);
        },
      };
      expected.set(response, found);
      return { isRead: () => found.read, onEnd: (run) => void waiting.push(run) };
    },
    start() {
      for (const each of hooks) each.start();
    },
    stop() {
      for (const each of hooks) each.stop();
    },
  };
}
