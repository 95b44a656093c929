import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { API, collected, openTab, RECEIPT, until, usePage } from './page.js';

usePage();

let seen: string[] = [];
let below: typeof fetch;
const nativeText = Response.prototype.text;
beforeEach(() => {
  seen = [];
  below = globalThis.fetch;
});
afterEach(() => {
  globalThis.fetch = below;
});

/** What another product does. */
function wrapToo(): () => void {
  const original = globalThis.fetch;
  globalThis.fetch = (...call) => {
    seen.push(String(call[0]));
    return original(...call);
  };
  return () => (globalThis.fetch = original);
}

const failures = (): number =>
  collected.bodies.reduce((sum, body) => sum + body.failures.reduce((inner, { count }) => inner + count, 0), 0);

describe('an element with an address that is none', () => {
  it('raises no error of ours in the page', async () => {
    const raised: unknown[] = [];
    const hear = (event: ErrorEvent): void => void raised.push(event.error);
    const tab = openTab();
    await tab.setConsent('granted', RECEIPT);
    await until(() => Response.prototype.text !== nativeText);
    window.addEventListener('error', hear);
    try {
      const image = document.body.appendChild(document.createElement('img'));
      image.setAttribute('src', 'https://[');
      image.dispatchEvent(new Event('error'));
      image.remove();
      expect(raised).toEqual([]);
    } finally {
      window.removeEventListener('error', hear);
    }
  });
});

describe('another wrapper of fetch', () => {
  it('that came first sees every request of the app and none of ours', async () => {
    wrapToo();
    const theirs = globalThis.fetch;
    const tab = openTab();
    await tab.setConsent('granted', RECEIPT);
    await fetch(`${API}/broken`);
    await until(() => failures() === 1);
    await tab.setConsent('denied');
    expect(globalThis.fetch).toBe(theirs);
    expect(seen.filter((url) => url.startsWith(API))).toEqual([`${API}/broken`]);
  });

  it('that came later stays in place after a withdrawal, with ours as a pass-through below it, which the next consent revives', async () => {
    const tab = openTab();
    await tab.setConsent('granted', RECEIPT);
    wrapToo();
    const theirs = globalThis.fetch;
    await tab.setConsent('denied');
    expect(globalThis.fetch).toBe(theirs);
    expect((await fetch(`${API}/ok`)).status).toBe(200);
    await tab.setConsent('granted', RECEIPT);
    expect(globalThis.fetch).toBe(theirs);
    await fetch(`${API}/broken`);
    await until(() => failures() === 1);
    expect(seen).toEqual([`${API}/ok`, `${API}/broken`]);
  });

  it('that leaves again leaves us in place', async () => {
    const tab = openTab();
    await tab.setConsent('granted', RECEIPT);
    const ours = globalThis.fetch;
    wrapToo()();
    expect(globalThis.fetch).toBe(ours);
    await fetch(`${API}/broken`);
    await until(() => failures() === 1);
  });

  it('that throws instead of rejecting is passed on as it is', async () => {
    const mine = new Error('mine');
    globalThis.fetch = () => {
      throw mine;
    };
    const tab = openTab();
    await tab.setConsent('granted', RECEIPT);
    expect(() => fetch(`${API}/ok`)).toThrow(mine);
    await tab.setConsent('denied');
  });
});

describe('a frozen fetch', () => {
  it('is left alone, and the app goes on', async () => {
    const scope = { fetch: below };
    Object.freeze(scope);
    const { watchFetch } = await import('../../sdk-browser/src/watch/fetch.js');
    const hook = watchFetch(scope, () => undefined);
    hook.start();
    hook.stop();
    expect(scope.fetch).toBe(below);
  });
});
