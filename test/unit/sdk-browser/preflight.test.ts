import { describe, expect, it } from 'vitest';
import { watchPreflights } from '../../../sdk-browser/src/watch/preflight.js';

class FakeXhr {
  headers: string[] = [];
  setRequestHeader(name: string, value: string): void {
    this.headers.push(`${name}: ${value}`);
  }
}

const setUp = () => {
  class Xhr extends FakeXhr {}
  const watch = watchPreflights(Xhr.prototype as unknown as XMLHttpRequest);
  watch.start();
  return { watch, xhr: new Xhr() as unknown as XMLHttpRequest & FakeXhr };
};

describe('a request that the browser asks permission for first', () => {
  const { watch } = setUp();

  it.each([
    ['PUT', undefined, true],
    ['GET', undefined, false],
    ['POST', { headers: { 'Content-Type': 'text/plain; charset=utf-8' } }, false],
    ['POST', { headers: { 'content-type': 'application/json' } }, true],
    ['GET', { headers: [['Authorization', 'Bearer x']] }, true],
    ['GET', { headers: { Accept: 'application/json', 'accept-language': 'de', range: 'bytes=0-1' } }, false],
    ['HEAD', { headers: new Headers({ 'x-app': '1' }) }, true],
  ] as const)('is known by method and headers: %s %o', (method, call, asks) => {
    expect(watch.asksFirst(method, call as RequestInit)).toBe(asks);
  });

  it('is known of a Request object', () => {
    expect(watch.asksFirst('GET', new Request('https://api.shop.example/', { headers: { 'x-app': '1' } }))).toBe(true);
    expect(watch.asksFirst('GET', new Request('https://api.shop.example/'))).toBe(false);
  });

  it('is known of an XMLHttpRequest by what was set, which is passed on', () => {
    const { watch: own, xhr } = setUp();
    xhr.setRequestHeader('Accept', '*/*');
    expect(own.asksFirst('GET', xhr)).toBe(false);
    xhr.setRequestHeader('X-App', '1');
    expect(own.asksFirst('GET', xhr)).toBe(true);
    expect(xhr.headers).toEqual(['Accept: */*', 'X-App: 1']);
    own.stop();
    expect(Object.hasOwn(xhr, 'setRequestHeader')).toBe(false);
  });
});
