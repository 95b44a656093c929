/** Bodies over real sockets: Node's own fetch has the prototypes of a page. */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { watchBodies } from '../../../sdk-browser/src/watch/body.js';
import type { Broken } from '../../../sdk-browser/src/watch/body.js';

let server: Server;
let origin = '';
const bodies = watchBodies(globalThis);
const native = { text: Response.prototype.text, clone: Response.prototype.clone, getReader: ReadableStream.prototype.getReader };
const getter = Object.getOwnPropertyDescriptor(Response.prototype, 'body');

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === '/none') return void response.writeHead(204).end();
    response.writeHead(200, { 'content-length': 10 });
    if (request.url === '/whole') response.end('{"a":true}');
    else if (request.url === '/text') response.end('no json !!');
    else response.write('half');
    if (request.url === '/cut') setTimeout(() => request.socket.destroy(), 20);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
afterEach(() => bodies.stop());

interface Expected {
  readonly response: Response;
  readonly end: Promise<Broken | undefined>;
  readonly isRead: () => boolean;
}
async function get(path: string, signal?: AbortSignal): Promise<Expected> {
  bodies.start();
  const response = await fetch(origin + path, signal ? { signal } : {});
  const body = bodies.expect({ response, signal });
  if (!body) throw new Error('not expected');
  return { response, isRead: () => body.isRead(), end: new Promise((resolve) => body.onEnd(resolve)) };
}

describe('watchBodies', () => {
  it('sees a body that is read to its end, by any method', async () => {
    for (const method of ['arrayBuffer', 'blob', 'json', 'text'] as const) {
      const { response, end, isRead } = await get('/whole');
      expect(isRead()).toBe(false);
      await response[method]();
      expect(isRead()).toBe(true);
      expect(await end).toBeUndefined();
    }
  });

  it('sees a body that breaks off, and passes on the very same rejection', async () => {
    const { response, end } = await get('/cut');
    await expect(response.text()).rejects.toThrow(TypeError);
    expect(await end).toMatchObject({ how: 'failed' });
  });

  it('sees it through a reader and in a copy too', async () => {
    const cut = await get('/cut');
    const reader = (cut.response.body as ReadableStream<Uint8Array>).getReader();
    const readAll = async (): Promise<void> => {
      while (!(await reader.read()).done);
    };
    await expect(readAll()).rejects.toThrow();
    expect(await cut.end).toMatchObject({ how: 'failed' });

    const copied = await get('/cut');
    const [one, other] = await Promise.allSettled([copied.response.clone().text(), copied.response.text()]);
    expect([one.status, other.status]).toEqual(['rejected', 'rejected']);
    expect(await copied.end).toMatchObject({ how: 'failed' });
  });

  it("knows the app's own time limit and its other aborts by the signal", async () => {
    const limit = new AbortController();
    const limited = await get('/stall', limit.signal);
    const limitedReading = limited.response.text();
    // As AbortSignal.timeout() does it, here surely not before the answer began.
    limit.abort(new DOMException('The time is over', 'TimeoutError'));
    await expect(limitedReading).rejects.toThrow();
    expect(await limited.end).toMatchObject({ how: 'timer' });
    const own = new AbortController();
    const aborted = await get('/stall', own.signal);
    const reading = aborted.response.text();
    own.abort();
    await expect(reading).rejects.toThrow();
    expect(await aborted.end).toMatchObject({ how: 'aborted' });
  });

  it('blames nobody for text that is no JSON, a second reading, a cancelled or released reader', async () => {
    const text = await get('/text');
    await expect(text.response.json()).rejects.toThrow(SyntaxError);
    expect(await text.end).toBeUndefined();
    await expect(text.response.text()).rejects.toThrow(TypeError);

    const cancelled = await get('/stall');
    await (cancelled.response.body as ReadableStream).getReader().cancel();
    expect(await cancelled.end).toBeUndefined();

    const released = await get('/whole');
    const stream = released.response.body as ReadableStream<Uint8Array>;
    stream.getReader().releaseLock();
    for await (const chunk of stream) expect(chunk.length).toBeGreaterThan(0);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await Promise.race([released.end.then(() => 'ended'), 'open'])).toBe('open');
  });

  it('blames nobody where a reader lets go and the rest is read in another way', async () => {
    const rests: ((stream: ReadableStream<Uint8Array>) => Promise<unknown>)[] = [
      (stream) => stream.pipeTo(new WritableStream()),
      (stream) => new Response(stream).text(),
      (stream) => stream.getReader().read(),
    ];
    for (const readRest of rests) {
      const peeked = await get('/whole');
      const stream = peeked.response.body as ReadableStream<Uint8Array>;
      stream.getReader().releaseLock();
      await readRest(stream);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(await Promise.race([peeked.end, 'open'])).not.toMatchObject({ how: 'failed' });
    }
  });

  it('leaves a rejection unhandled that the app does not handle', async () => {
    const before = process.rawListeners('unhandledRejection') as NodeJS.UnhandledRejectionListener[];
    process.removeAllListeners('unhandledRejection');
    const unhandled: unknown[] = [];
    process.on('unhandledRejection', (reason) => unhandled.push(reason));
    try {
      const { response } = await get('/text');
      void response.json();
      await expect.poll(() => unhandled.length).toBeGreaterThan(0);
    } finally {
      process.removeAllListeners('unhandledRejection');
      for (const each of before) process.on('unhandledRejection', each);
    }
    expect(unhandled).toMatchObject([{ name: 'SyntaxError' }]);
  });

  it('expects none of an answer without one', async () => {
    bodies.start();
    expect(bodies.expect({ response: await fetch(`${origin}/none`), signal: undefined })).toBeUndefined();
    expect(bodies.expect({ response: Response.error(), signal: undefined })).toBeUndefined();
    expect(bodies.expect({ response: { status: 200 } as Response, signal: undefined })).toBeUndefined();
  });

  it('leaves everything as it was once stopped, and lives under a wrapper that came later', async () => {
    bodies.start();
    expect(Response.prototype.text).not.toBe(native.text);
    bodies.stop();
    expect(Response.prototype.text).toBe(native.text);
    expect(Response.prototype.clone).toBe(native.clone);
    expect(ReadableStream.prototype.getReader).toBe(native.getReader);
    expect(Object.getOwnPropertyDescriptor(Response.prototype, 'body')).toEqual(getter);

    const { response, end } = await get('/whole');
    const ours = Response.prototype.text;
    Response.prototype.text = function (this: Response) {
      return ours.call(this);
    };
    try {
      expect(await response.text()).toBe('{"a":true}');
      expect(await end).toBeUndefined();
      bodies.stop();
      expect(await (await fetch(`${origin}/whole`)).text()).toBe('{"a":true}');
    } finally {
      Response.prototype.text = ours;
      bodies.stop();
    }
  });
});
