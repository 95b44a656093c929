/** XMLHttpRequest on real sockets: jsdom's own, with real CORS. */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { watchXhr } from '../../sdk-browser/src/watch/xhr.js';
import type { Ending } from '../../sdk-browser/src/watch/ending.js';

let server: Server;
let origin = '';
const seen: { url: string; method: string; ending: Ending }[] = [];
const hook = watchXhr(XMLHttpRequest.prototype, (url, method) =>
  url.includes('/unwatched') ? undefined : (ending) => seen.push({ url, method, ending }),
);

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === '/mute') return;
    if (request.url === '/reset') return void request.socket.destroy();
    response.writeHead(request.url === '/broken' ? 503 : 200, request.url === '/no-cors' ? {} : { 'access-control-allow-origin': '*' });
    if (request.url === '/cut') {
      response.write('half');
      setTimeout(() => request.socket.destroy(), 30);
    } else response.end('whole');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
afterEach(() => {
  hook.stop();
  seen.length = 0;
});

function request(path: string, prepare: (xhr: XMLHttpRequest) => void = () => undefined): Promise<XMLHttpRequest> {
  return new Promise((resolve) => {
    const xhr = new XMLHttpRequest();
    xhr.addEventListener('loadend', () => resolve(xhr));
    xhr.open('GET', origin + path);
    prepare(xhr);
    xhr.send();
  });
}

describe('watchXhr', () => {
  it('sees answers, errors, time limits and aborts, and changes none of them', async () => {
    hook.start();
    expect((await request('/fine')).responseText).toBe('whole');
    expect((await request('/broken')).status).toBe(503);
    expect((await request('/reset')).status).toBe(0);
    expect((await request('/no-cors')).status).toBe(0);
    await request('/mute', (xhr) => (xhr.timeout = 50));
    await request('/mute', (xhr) => setTimeout(() => xhr.abort(), 50));
    expect(seen.map(({ url, ending }) => [url.slice(origin.length), ending.how, ending.statusCode])).toEqual([
      ['/fine', 'answered', 200],
      ['/broken', 'answered', 503],
      ['/reset', 'failed', 0],
      ['/no-cors', 'failed', 0],
      ['/mute', 'timer', 0],
      ['/mute', 'aborted', 0],
    ]);
    expect(seen.every(({ ending }) => ending.silent === (ending.how !== 'answered'))).toBe(true);
  });

  it('knows an answer that broke off from one that never came', async () => {
    hook.start();
    await request('/cut');
    expect(seen).toMatchObject([{ ending: { how: 'failed', silent: false } }]);
  });

  it('sees one object used twice as two requests', async () => {
    hook.start();
    const xhr = await request('/fine');
    await new Promise((resolve) => {
      xhr.onload = resolve;
      xhr.open('GET', `${origin}/broken`);
      xhr.send();
    });
    expect(seen.map(({ ending }) => ending.statusCode)).toEqual([200, 503]);
  });

  it('sees one object that is opened anew while it runs as one aborted request and another', async () => {
    hook.start();
    const xhr = new XMLHttpRequest();
    xhr.open('GET', `${origin}/mute`);
    xhr.send();
    await new Promise((resolve) => {
      xhr.onload = resolve;
      xhr.open('GET', `${origin}/fine`);
      xhr.send();
    });
    expect(seen.map(({ url, ending }) => [url.slice(origin.length), ending.how])).toEqual([
      ['/mute', 'aborted'],
      ['/fine', 'answered'],
    ]);
  });

  it('counts a request once, though the app sends it twice by mistake', async () => {
    hook.start();
    await request('/fine', (xhr) => {
      xhr.addEventListener('readystatechange', () => undefined);
      const { send } = xhr;
      xhr.send = () => {
        send.call(xhr);
        expect(() => send.call(xhr)).toThrow();
      };
    });
    expect(seen).toHaveLength(1);
  });

  it('throws what the function below throws, also for what is no request', () => {
    const { open, send } = XMLHttpRequest.prototype;
    const natively = [() => Reflect.apply(open, {}, ['GET', '/']), () => send.call({} as never), () => new XMLHttpRequest().send()];
    const errors = natively.map((call) => expect(call).toThrow());
    hook.start();
    const { open: ours, send: sends } = XMLHttpRequest.prototype;
    for (const call of [() => Reflect.apply(ours, {}, ['GET', '/']), () => sends.call({} as never), () => new XMLHttpRequest().send()])
      expect(call).toThrow();
    expect([errors.length, seen]).toEqual([3, []]);
  });

  it('does not see what was opened before it started, nor anything once it stopped', async () => {
    const early = request('/fine', () => hook.start());
    await early;
    hook.stop();
    await request('/fine');
    expect(seen).toEqual([]);
  });

  it('leaves requests alone that are not to be watched', async () => {
    hook.start();
    expect((await request('/unwatched')).status).toBe(200);
    expect(seen).toEqual([]);
  });
});
