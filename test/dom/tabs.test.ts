import { http, HttpResponse } from 'msw';
import { describe, expect, it } from 'vitest';
import type { Platform } from '@outcry/core';
import { API, collected, everythingStored, openTab, RECEIPT, server, until, usePage } from './page.js';

usePage();

const fail = (path = '/down'): Promise<unknown> => fetch(API + path).catch(() => undefined);

describe('withdrawal', () => {
  it('leaves nothing but the epoch, in any tab, and no request follows', async () => {
    collected.status = 503;
    const [first, second] = [openTab(), openTab()];
    await first.setConsent('granted', RECEIPT);
    await second.setConsent('granted', RECEIPT);
    await fail();
    await until(async () => (await first.pending()).envelopes > 0 && (await second.pending()).envelopes > 0);

    await second.setConsent('denied');
    const asked = collected.requests.length;
    expect((await everythingStored()).keys).toEqual(['!epoch']);
    await until(() => first.consent === 'denied');
    await fail();
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect((await everythingStored()).keys).toEqual(['!epoch']);
    expect(collected.requests.length).toBe(asked);
    expect([first.sent(), second.sent()]).toEqual([[], []]);
    expect(JSON.parse(localStorage.getItem('outcry:consent') ?? '')).toMatchObject({ state: 'denied' });
  });

  it('reaches a tab that hears nothing, by the epoch', async () => {
    const deaf = { post: () => undefined, listen: () => () => undefined };
    const [frozen, other] = [openTab({}, { broadcast: deaf }), openTab()];
    await frozen.setConsent('granted', RECEIPT);
    await other.setConsent('granted', RECEIPT);
    await fetch(`${API}/ok`);
    await other.setConsent('denied');
    await fail();
    await until(() => frozen.consent === 'denied');
    expect((await everythingStored()).keys).toEqual(['!epoch']);
    expect(collected.bodies.flatMap(({ failures }) => failures)).toEqual([]);
  });

  it('puts the functions of the page back', async () => {
    const before = [globalThis.fetch, XMLHttpRequest.prototype.send];
    const tab = openTab();
    await tab.setConsent('granted', RECEIPT);
    expect(globalThis.fetch).not.toBe(before[0]);
    await tab.setConsent('denied');
    expect([globalThis.fetch, XMLHttpRequest.prototype.send]).toEqual(before);
  });

  it('heard of from another tab puts them back at once, without waiting for a request', async () => {
    const before = [globalThis.fetch, XMLHttpRequest.prototype.send, Response.prototype.text];
    const tab = openTab();
    await tab.setConsent('granted', RECEIPT);
    await until(() => Response.prototype.text !== before[2]);
    const other = new BroadcastChannel('outcry');
    other.postMessage({ kind: 'erased' });
    other.close();
    await until(() => tab.consent === 'denied');
    await until(() => Response.prototype.text === before[2]);
    expect([globalThis.fetch, XMLHttpRequest.prototype.send]).toEqual(before.slice(0, 2));
  });

  it('wins over what a later page of the app passes to init', async () => {
    const tab = openTab();
    await tab.setConsent('granted', RECEIPT);
    await tab.setConsent('denied');
    await tab.close();
    expect(openTab({ consent: 'granted', receipt: RECEIPT }).consent).toBe('denied');
  });

  it('can be followed by a new consent', async () => {
    const tab = openTab();
    await tab.setConsent('granted', RECEIPT);
    await tab.setConsent('denied');
    await tab.setConsent('granted', { ...RECEIPT, text: 'v4' });
    await fail('/broken');
    await until(() => collected.bodies.some(({ failures }) => failures.length > 0));
    expect(collected.bodies.at(-1)?.context.consent_text).toBe('v4');
  });
});

describe('a recording part that cannot be loaded', () => {
  const cannotLoad = (): Promise<never> => Promise.reject(new TypeError('Failed to fetch dynamically imported module'));

  it('does not keep a withdrawal from erasing what earlier pages left, whatever the app has switched on', async () => {
    server.use(http.get(`${API}/.well-known/outcry-nel`, () => new HttpResponse(null, { status: 204 })));
    const more = { worker: true, nel: [API] };
    collected.status = 503;
    const before = openTab(more);
    await before.setConsent('granted', RECEIPT);
    await fail();
    await until(async () => (await before.pending()).envelopes > 0);
    await before.close();
    expect((await everythingStored()).keys).toEqual(expect.arrayContaining(['worker', expect.stringMatching(/^e:/)]));

    const tab = openTab(more, {}, cannotLoad);
    expect(tab.consent).toBe('granted');
    await tab.setConsent('denied');
    expect((await everythingStored()).keys).toEqual(['!epoch']);
    await tab.setConsent('granted', RECEIPT);
    await tab.setConsent('denied');
    expect((await everythingStored()).keys).toEqual(['!epoch']);
  });

  it('makes no database for a refusal, and leaves the raised epoch after a grant', async () => {
    const tab = openTab({}, {}, cannotLoad);
    await tab.setConsent('denied');
    expect(await indexedDB.databases()).toEqual([]);
    await tab.setConsent('granted', RECEIPT);
    await tab.setConsent('denied');
    expect((await everythingStored()).keys).toEqual(['!epoch']);
  });

  it('is loaded later, and watches then as if it had been there at once', async () => {
    const { text } = Response.prototype;
    let loads = 0;
    const soon: Platform['setTimer'] = (run, ms) => {
      const timer = setTimeout(run, ms === 30_000 ? 50 : ms);
      return () => clearTimeout(timer);
    };
    const tab = openTab({}, { setTimer: soon }, () => (++loads < 3 ? cannotLoad() : import('../../sdk-browser/src/recording.js')));
    await tab.setConsent('granted', RECEIPT);
    await until(() => Response.prototype.text !== text);
    expect(tab.consent).toBe('granted');
    await fail('/broken');
    await until(() => collected.bodies.some(({ failures }) => failures.length > 0));
    await tab.setConsent('denied');
    expect(Response.prototype.text).toBe(text);
  });
});

describe('an app that keeps the consent itself', () => {
  it('has its page remember, for the next one, which hosts were reached', async () => {
    const tab = openTab({ consent: 'granted', receipt: RECEIPT });
    await until(async () => (await tab.pending()).envelopes >= 0);
    await fetch(`${API}/ok`);
    await until(async () => (await everythingStored()).keys.includes('reached'));
    expect(localStorage.length).toBe(0);
  });
});

describe('a decision', () => {
  it('is told once, over pages that keep it and tabs that are given it again', async () => {
    const receipt = { ...RECEIPT, at: '2026-11-22T23:30:00.000-03:00' };
    const first = openTab();
    await first.setConsent('granted', receipt);
    const second = openTab();
    await second.pending();
    for (const page of [first, second]) {
      page.report({ host: 'api.shop.example' });
      await page.flush();
      await page.close();
    }
    for (let n = 0; n < 2; n++) {
      const later = openTab();
      expect(later.consent).toBe('granted');
      if (n === 1) await later.setConsent('granted', receipt);
      await later.pending();
      later.report({ host: 'api.shop.example' });
      await later.flush();
      await later.close();
    }
    expect(collected.bodies.length).toBeGreaterThan(3);
    expect(collected.bodies.flatMap(({ consents }) => consents)).toMatchObject([{ text: 'v3', granted_day: 20_780 }]);
  });

  it('is not changed by a word that is none', async () => {
    const tab = openTab();
    await tab.setConsent('granted', RECEIPT);
    await expect(tab.setConsent('yes' as 'granted')).rejects.toMatchObject({ code: 'OUTCRY_BAD_OPTION' });
    expect(JSON.parse(localStorage.getItem('outcry:consent') ?? '')).toMatchObject({ state: 'granted' });
    await fail('/broken');
    await until(() => collected.bodies.some(({ failures }) => failures.length > 0));
  });

  it('against it outlasts an app that passes a denial, and then a grant, to init', async () => {
    const tab = openTab();
    await tab.setConsent('denied');
    await tab.close();
    await openTab({ consent: 'denied' }).close();
    expect(openTab({ consent: 'granted', receipt: RECEIPT }).consent).toBe('denied');
  });

  it('that is taken back and given again leaves out what began before', async () => {
    let answer = (): void => undefined;
    server.use(
      http.get(`${API}/slow`, async () => {
        await new Promise<void>((resolve) => (answer = resolve));
        return new HttpResponse(null, { status: 503 });
      }),
    );
    const tab = openTab();
    await tab.setConsent('granted', RECEIPT);
    const slow = fetch(`${API}/slow`);
    await tab.setConsent('denied');
    await tab.setConsent('granted', RECEIPT);
    answer();
    expect((await slow).status).toBe(503);
    await fetch(`${API}/ok`);
    await until(() => tab.preview().next.attempts.length > 0);
    expect(tab.preview().next.attempts).toMatchObject([{ made: 1, succeeded: 1 }]);
    await tab.flush();
    expect(collected.bodies.flatMap(({ failures }) => failures)).toEqual([]);
  });
});

describe('a page that is hidden', () => {
  it('seals what it has counted, for it may never be seen again', async () => {
    const tab = openTab({}, { liveDelayMs: 60_000 });
    await tab.setConsent('granted', RECEIPT);
    await fetch(`${API}/ok`);
    await until(() => tab.preview().next.attempts.length > 0);
    expect((await tab.pending()).envelopes).toBe(0);
    window.dispatchEvent(new Event('pagehide'));
    await until(async () => (await tab.pending()).envelopes > 0);
    expect(tab.preview().next.attempts).toEqual([]);
    window.dispatchEvent(new Event('pageshow'));
    await tab.close();
    expect(collected.bodies.flatMap(({ attempts }) => attempts)).toMatchObject([{ made: 1, succeeded: 1 }]);
  });
});

describe('two tabs', () => {
  it('send each envelope once', async () => {
    collected.status = 503;
    const [first, second] = [openTab(), openTab()];
    await first.setConsent('granted', RECEIPT);
    await second.setConsent('granted', RECEIPT);
    await fail('/broken');
    await until(async () => (await first.pending()).envelopes >= 2);
    await Promise.all([first.close(), second.close()]);
    collected.status = 204;
    const before = collected.bodies.length;
    const [third, fourth] = [openTab(), openTab()];
    await Promise.all([third.flush(), fourth.flush()]);
    await until(async () => (await third.pending()).envelopes === 0);
    const failures = collected.bodies.slice(before).flatMap((body) => body.failures);
    // One of either tab that watched the one request.
    expect(failures).toHaveLength(2);
  });
});

describe('a spoilt localStorage entry', () => {
  it('counts as none', () => {
    for (const value of ['{', '"granted"', '{"state":"granted"}', 'null']) {
      localStorage.setItem('outcry:consent', value);
      expect(openTab().consent).toBe('unknown');
    }
  });
});
