/** When the policies of Network Error Logging are asked for and taken back; what a browser does with them is in test/browser/nel.test.ts. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkOptions } from '../../../sdk-core/src/index.js';
import type { Agent, OutcryOptions, Platform } from '../../../sdk-core/src/index.js';
import { startCollector } from './collector.js';
import type { TinyCollector } from './collector.js';
import { makePlace, optionsFor, RECEIPT } from './place.js';

const API = 'https://api.shop.example';
const NEL = `${API}/.well-known/outcry-nel`;
let collector: TinyCollector;
let asked: { url: string; init: RequestInit }[] = [];
/** Whom the policy names; null for a host that does not answer. */
let named: string[] | null = [];
let lastsS = 86_400;
beforeEach(async () => {
  collector = await startCollector();
  asked = [];
  named = [collector.origin];
  lastsS = 86_400;
});
afterEach(() => collector.close());

/** The watched host is not in this world, so its answers are made here; everything else is really fetched. */
const fetchFn: typeof fetch = (input, init = {}) => {
  const url = input as string;
  if (!url.startsWith(API)) return fetch(url, init);
  asked.push({ url, init });
  if (named === null) return Promise.reject(new TypeError('Failed to fetch'));
  const endpoints = named.map((origin) => ({ url: `${origin}/v1/nel/shop`, priority: 1, weight: 1 }));
  return Promise.resolve(new Response(null, { status: 204, headers: { 'report-to': JSON.stringify({ max_age: lastsS, endpoints }) } }));
};
const place = (more: Partial<OutcryOptions> = {}, changes: Partial<Platform> = {}) =>
  makePlace([collector.origin], { nel: [API], ...more }, { fetchFn, ...changes });
/** Consent, and the recording part that is loaded then. */
async function grant({ agent }: { agent: Agent }): Promise<void> {
  await agent.setConsent('granted', RECEIPT);
  await agent.pending();
}
const urls = (): string[] => asked.map(({ url }) => url);

describe('the policy', () => {
  it('is asked for once, after consent and never before, without credentials, referrer, cache or redirects', async () => {
    const { agent, clock, events } = place();
    await clock.advance(60_000);
    expect(urls()).toEqual([]);
    await grant({ agent });
    await clock.advance(60_000);
    expect(urls()).toEqual([NEL]);
    expect(asked[0]?.init).toMatchObject({ credentials: 'omit', referrerPolicy: 'no-referrer', cache: 'no-store', redirect: 'error' });
    expect(events).toContainEqual({ kind: 'nel', origin: API, state: 'on' });
    await agent.close();
  });

  it('is not asked for again by another page within twelve hours, and is after that', async () => {
    const first = place();
    await grant(first);
    await first.clock.advance(10_000);
    const second = place({}, { store: first.store });
    await grant(second);
    await second.clock.advance(10_000);
    expect(urls()).toEqual([NEL]);
    await first.clock.advance(43_200_000);
    expect(urls()).toEqual([NEL, NEL]);
    await first.agent.close();
    await second.agent.close();
  });

  it('is asked for by nobody who did not name the origin', async () => {
    const { agent, clock } = place({ nel: [] });
    await grant({ agent });
    await clock.advance(60_000);
    await agent.setConsent('denied');
    expect(urls()).toEqual([]);
  });

  it('that names another receiver is taken back at once', async () => {
    named = [collector.origin, 'https://elsewhere.example'];
    const { agent, clock, events, store } = place();
    await grant({ agent });
    await clock.advance(60_000);
    expect(urls()).toEqual([NEL, `${NEL}?remove`]);
    expect(events).toContainEqual({ kind: 'nel', origin: API, state: 'refused' });
    expect(await store.get('nel')).toBe(undefined);
    await agent.close();
  });

  it('that would hold for longer than a day is taken back too', async () => {
    lastsS = 86_401;
    const { agent, clock, events } = place();
    await grant({ agent });
    await clock.advance(60_000);
    expect(urls()).toEqual([NEL, `${NEL}?remove`]);
    expect(events).toContainEqual({ kind: 'nel', origin: API, state: 'refused' });
    await agent.close();
  });

  it('is taken back on withdrawal', async () => {
    const { agent, clock } = place();
    await grant({ agent });
    await clock.advance(10_000);
    await agent.setConsent('denied');
    expect(urls()).toEqual([NEL, `${NEL}?remove`]);
    expect(asked[1]?.init).toMatchObject({ credentials: 'omit', referrerPolicy: 'no-referrer', cache: 'no-store', keepalive: true });
    await clock.advance(600_000);
    expect(urls()).toHaveLength(2);
  });

  it('is taken back later where the host cannot be reached just now, unless consent is given again', async () => {
    const { agent, clock } = place();
    await grant({ agent });
    await clock.advance(10_000);
    asked = [];
    named = null;
    await agent.setConsent('denied');
    await clock.advance(5_000);
    await clock.advance(60_000);
    expect(urls()).toEqual([`${NEL}?remove`, `${NEL}?remove`, `${NEL}?remove`]);
    named = [collector.origin];
    await grant({ agent });
    await clock.advance(610_000);
    expect(urls().slice(3)).toEqual([NEL]);
    await agent.close();
  });

  it('is not touched by a denial of somebody who had never agreed', async () => {
    const { agent, clock } = place();
    await agent.setConsent('denied');
    await clock.advance(60_000);
    expect(urls()).toEqual([]);
  });
});

describe('the option nel', () => {
  it('is shown by preview, among the receivers too', async () => {
    const { agent } = place();
    const { nel, receivers, csp } = agent.preview();
    expect(nel).toEqual([API]);
    expect(receivers).toContain(API);
    expect(csp).toContain(API);
    await agent.close();
  });

  it.each([['http://api.shop.example'], [`${API}/path`], ['https://other.example'], ['api.shop.example']])('refuses %s', (origin) => {
    expect(() => checkOptions(optionsFor(['https://c1.example.net'], { nel: [origin] }), 'sdk-browser')).toThrowError(
      expect.objectContaining({ code: 'OUTCRY_BAD_OPTION' }),
    );
  });

  it('is for browsers only', () => {
    expect(() => checkOptions(optionsFor(['https://c1.example.net'], { nel: [API] }), 'sdk-node')).toThrowError(
      expect.objectContaining({ message: expect.stringContaining('browsers only') }),
    );
  });
});
