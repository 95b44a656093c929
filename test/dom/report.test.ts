import { delay, http, HttpResponse } from 'msw';
import { describe, expect, it } from 'vitest';
import { API, collected, everythingStored, openTab, RECEIPT, server, until, usePage } from './page.js';

usePage();

const rejectionOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('before consent', () => {
  it('wraps nothing, stores nothing and asks nobody', async () => {
    const fetchBefore = globalThis.fetch;
    const { open, send } = XMLHttpRequest.prototype;
    const tab = openTab();
    expect(globalThis.fetch).toBe(fetchBefore);
    await rejectionOf(fetch(`${API}/down`));
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(globalThis.fetch).toBe(fetchBefore);
    expect([XMLHttpRequest.prototype.open, XMLHttpRequest.prototype.send]).toEqual([open, send]);
    expect(await indexedDB.databases()).toEqual([]);
    expect(localStorage.length).toBe(0);
    expect(collected.requests).toEqual([]);
    expect(tab.consent).toBe('unknown');
  });

  it('keeps a refusal in one localStorage key and makes no database', async () => {
    const tab = openTab();
    await tab.setConsent('denied');
    expect({ ...localStorage }).toEqual({
      'outcry:consent': JSON.stringify({ state: 'denied', day: new Date().toISOString().slice(0, 10) }),
    });
    expect(await indexedDB.databases()).toEqual([]);
    expect(collected.requests).toEqual([]);
  });

  it('never sends what failed before the consent', async () => {
    const tab = openTab();
    await rejectionOf(fetch(`${API}/down`));
    await tab.setConsent('granted', RECEIPT);
    await tab.flush();
    expect(collected.bodies.flatMap(({ failures }) => failures)).toEqual([]);
  });
});

describe('a failed fetch', () => {
  it('becomes a sealed report that the collector opens', async () => {
    const tab = openTab({ routes: ['/down'] });
    await tab.setConsent('granted', RECEIPT);
    await fetch(`${API}/ok`);
    await rejectionOf(fetch(`${API}/down?user=alice`, { headers: { authorization: 'secret' } }));
    await until(() => collected.bodies.some(({ failures }) => failures.length > 0));
    const body = collected.bodies.find(({ failures }) => failures.length > 0);
    expect(body?.context).toMatchObject({
      source: 'sdk-browser',
      project: 'shop',
      release: '4.2.1',
      consent_text: 'v3',
      consent_method: 'dialog',
    });
    expect(body?.failures[0]).toMatchObject({
      host: 'api.shop.example',
      scheme: 'https',
      method: 'GET',
      resource: 'fetch',
      route: '/down',
      kind: 'unknown',
      count: 1,
    });
    expect(JSON.stringify(collected.bodies)).not.toMatch(/alice|secret/);
    const words = () => tab.sent().flatMap((entry) => entry.words);
    await until(() => words().length > 0);
    expect(words().join()).toContain('api.shop.example');
  });

  it('is told as http.error with its status when an answer of 503 came', async () => {
    const tab = openTab();
    await tab.setConsent('granted', RECEIPT);
    expect((await fetch(`${API}/broken`)).status).toBe(503);
    await until(() => collected.bodies.some(({ failures }) => failures.length > 0));
    expect(collected.bodies.flatMap(({ failures }) => failures)).toMatchObject([{ type: 'http.error', kind: 'http', status_code: 503 }]);
  });

  it('rejects with the very object of the function below', async () => {
    const below = globalThis.fetch;
    const mine = new TypeError('mine');
    globalThis.fetch = () => Promise.reject(mine);
    const tab = openTab();
    await tab.setConsent('granted', RECEIPT);
    expect(await rejectionOf(fetch(`${API}/down`))).toBe(mine);
    await tab.setConsent('denied');
    globalThis.fetch = below;
  });

  it('is not seen on a host that is not watched', async () => {
    server.use(http.get('https://other.example/x', () => HttpResponse.error()));
    const tab = openTab();
    await tab.setConsent('granted', RECEIPT);
    await rejectionOf(fetch('https://other.example/x'));
    await tab.flush();
    expect((await tab.pending()).unsealed).toBe(0);
    expect(tab.preview().next.attempts).toEqual([]);
  });

  it('leaves the response as it is, and counts it', async () => {
    const tab = openTab();
    await tab.setConsent('granted', RECEIPT);
    const response = await fetch(new Request(`${API}/ok`));
    expect(await response.json()).toEqual({ fine: true });
    await until(() => tab.preview().next.attempts.length > 0);
    expect(tab.preview().next.attempts).toMatchObject([{ host: 'api.shop.example', made: 1, succeeded: 1, failed: 0, aborted: 0 }]);
  });
});

describe('aborts', () => {
  it("counts the app's own time limit as a timeout", async () => {
    server.use(http.get(`${API}/slow`, async () => delay('infinite')));
    const tab = openTab();
    await tab.setConsent('granted', RECEIPT);
    await fetch(`${API}/ok`);
    const error = await rejectionOf(fetch(`${API}/slow`, { signal: AbortSignal.timeout(80) }));
    expect((error as Error).name).toBe('TimeoutError');
    await until(() => collected.bodies.some(({ failures }) => failures.length > 0));
    expect(collected.bodies.flatMap(({ failures }) => failures)).toMatchObject([{ type: 'abandoned', kind: 'timeout' }]);
  });

  it('counts any other abort as aborted and reports nothing', async () => {
    server.use(http.get(`${API}/slow`, async () => delay('infinite')));
    const tab = openTab();
    await tab.setConsent('granted', RECEIPT);
    const controller = new AbortController();
    const answer = rejectionOf(fetch(`${API}/slow`, { signal: controller.signal }));
    setTimeout(() => controller.abort(), 30);
    expect(((await answer) as Error).name).toBe('AbortError');
    await until(() => tab.preview().next.attempts.length > 0);
    expect(tab.preview().next).toMatchObject({ failures: [], attempts: [{ made: 1, aborted: 1, failed: 0 }] });
  });
});

describe('while the collector is away', () => {
  it('rests only sealed bytes on the device, and delivers them later', async () => {
    collected.status = 503;
    const tab = openTab();
    await tab.setConsent('granted', RECEIPT);
    await rejectionOf(fetch(`${API}/down`));
    await until(async () => (await tab.pending()).envelopes > 0);
    const { keys, text } = await everythingStored();
    expect(keys.length).toBeGreaterThan(0);
    for (const word of ['api.shop', 'shop.example', 'unknown', 'client.', 'GET']) expect(text).not.toContain(word);
    expect(collected.bodies).toEqual([]);

    collected.status = 204;
    // The agent waits as long as it was told to; a later page starts anew.
    await tab.close();
    const later = openTab({}, {});
    expect(later.consent).toBe('granted');
    await until(() => collected.bodies.some(({ failures }) => failures.length > 0));
  });
});
