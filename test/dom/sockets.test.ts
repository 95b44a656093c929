/** WebSockets, event sources and elements of a page, by their own events. */
import { afterEach, describe, expect, it } from 'vitest';
import { watchElements } from '../../sdk-browser/src/watch/elements.js';
import type { Begin, Ending } from '../../sdk-browser/src/watch/ending.js';
import { watchEventSources, watchWebSockets } from '../../sdk-browser/src/watch/sockets.js';

const seen: { url: string; resource: string; ending: Ending }[] = [];
const begin: Begin = (url, _method, resource) =>
  url.includes('/unwatched') ? undefined : (ending) => seen.push({ url, resource, ending });
afterEach(() => void (seen.length = 0));
const endings = (): string[] => seen.map(({ ending: { how, sign } }) => (sign ? `${how} ${sign}` : how));

class FakeSocket extends EventTarget {
  static readonly OPEN = 1;
  readyState = 0;
  readonly url: string;
  constructor(url: string) {
    super();
    this.url = url;
  }
  close(): void {
    this.readyState = 2;
  }
}
const closeEvent = (code: number): Event => Object.assign(new Event('close'), { code });

describe('a socket of a watched page', () => {
  it("names the page's constructor as its own, while it is watched and after", () => {
    const scope = { WebSocket: FakeSocket as unknown as typeof WebSocket };
    const hook = watchWebSockets(scope, begin);
    for (const turn of ['start', 'stop', 'start', 'stop'] as const) {
      hook[turn]();
      const socket = new scope.WebSocket('wss://api.shop.example/');
      expect([socket.constructor === scope.WebSocket, socket instanceof scope.WebSocket]).toEqual([true, true]);
    }
    expect(FakeSocket.prototype.constructor).toBe(FakeSocket);
  });
});

describe('watchWebSockets', () => {
  const setUp = () => {
    const scope = { WebSocket: FakeSocket as unknown as typeof WebSocket };
    const hook = watchWebSockets(scope, begin);
    hook.start();
    return { scope, hook };
  };

  it('sees one that opens, fails, or fails in its handshake as Firefox says', () => {
    const { scope, hook } = setUp();
    const make = (): WebSocket => new scope.WebSocket('wss://api.shop.example/live');
    const opened = make();
    opened.dispatchEvent(new Event('open'));
    opened.dispatchEvent(closeEvent(1006));
    make().dispatchEvent(closeEvent(1006));
    make().dispatchEvent(closeEvent(1015));
    expect(endings()).toEqual(['answered', 'failed', 'failed tls']);
    hook.stop();
  });

  it('does not blame the network for one that the app closes before it opened', () => {
    const { scope, hook } = setUp();
    const socket = new scope.WebSocket('wss://api.shop.example/live');
    socket.close();
    socket.dispatchEvent(closeEvent(1006));
    expect(endings()).toEqual(['aborted']);
    hook.stop();
  });

  it('changes neither statics, instances, subclasses nor errors, and leaves as it came', () => {
    const { scope, hook } = setUp();
    expect(scope.WebSocket.OPEN).toBe(1);
    const socket = new scope.WebSocket('wss://api.shop.example/unwatched');
    expect(socket).toBeInstanceOf(scope.WebSocket);
    expect(socket).toBeInstanceOf(FakeSocket);
    expect(socket.constructor).toBe(scope.WebSocket);
    class Mine extends scope.WebSocket {}
    expect(new Mine('wss://api.shop.example/live')).toBeInstanceOf(Mine);
    const { close } = FakeSocket.prototype;
    hook.stop();
    expect(scope.WebSocket).toBe(FakeSocket);
    expect(close).not.toBe(FakeSocket.prototype.close);
    class Refusing {
      constructor() {
        throw new SyntaxError('bad address');
      }
    }
    const refusing = { WebSocket: Refusing as unknown as typeof WebSocket };
    const other = watchWebSockets(refusing, begin);
    other.start();
    expect(() => new refusing.WebSocket('x')).toThrow(SyntaxError);
    other.stop();
  });
});

class FakeSource extends EventTarget {
  readyState = 0;
  readonly url: string;
  constructor(url: string) {
    super();
    this.url = url;
  }
  close(): void {
    this.readyState = 2;
  }
  error(readyState: number): void {
    this.readyState = readyState;
    this.dispatchEvent(new Event('error'));
  }
  open(): void {
    this.readyState = 1;
    this.dispatchEvent(new Event('open'));
  }
}

describe('watchEventSources', () => {
  const setUp = (saysHttp = true) => {
    const scope = { EventSource: FakeSource as unknown as typeof EventSource };
    const hook = watchEventSources(scope, begin, saysHttp);
    hook.start();
    const make = (): FakeSource => new scope.EventSource('https://api.shop.example/events') as unknown as FakeSource;
    return { hook, make };
  };

  it('tells a failing one once, however often it tries, and again after it worked', () => {
    const { hook, make } = setUp();
    const source = make();
    source.error(0);
    source.error(0);
    source.open();
    // It lost an open connection, and tries again: in vain.
    source.error(0);
    source.error(0);
    expect(endings()).toEqual(['failed', 'aborted', 'answered', 'failed']);
    hook.stop();
  });

  it('knows that some HTTP answer came where it is closed for good, except in Firefox', () => {
    const one = setUp();
    one.make().error(2);
    one.hook.stop();
    const firefox = setUp(false);
    firefox.make().error(2);
    firefox.hook.stop();
    expect(endings()).toEqual(['failed http', 'failed']);
  });

  it('that the app closes has not failed', () => {
    const { hook, make } = setUp();
    const source = make();
    source.close();
    source.close();
    expect(endings()).toEqual(['aborted']);
    hook.stop();
  });
});

describe('watchElements', () => {
  it('sees images, scripts and styles that load or fail, and no other events', () => {
    const elements = watchElements(document, (url, resource, ending) => void seen.push({ url, resource, ending }));
    elements.start();
    const image = Object.assign(document.createElement('img'), { src: 'https://api.shop.example/a.png' });
    const script = Object.assign(document.createElement('script'), { src: 'https://api.shop.example/a.js', type: 'text/plain' });
    const inline = document.createElement('script');
    const block = document.createElement('div');
    document.body.append(image, script, inline, block);
    image.dispatchEvent(new Event('error'));
    script.dispatchEvent(new Event('load'));
    inline.dispatchEvent(new Event('error'));
    block.dispatchEvent(new Event('error'));
    window.dispatchEvent(new ErrorEvent('error', { message: 'a bug of the page' }));
    expect(seen.map(({ url, resource, ending }) => [url, resource, ending.how])).toEqual([
      ['https://api.shop.example/a.png', 'image', 'failed'],
      ['https://api.shop.example/a.js', 'script', 'answered'],
    ]);
    elements.stop();
    image.dispatchEvent(new Event('error'));
    expect(seen).toHaveLength(2);
    document.body.replaceChildren();
  });
});
