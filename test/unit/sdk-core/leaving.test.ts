/** What happens when a page is hidden, closed or put into the back/forward cache. */
import { afterEach, describe, expect, it } from 'vitest';
import { KEEPALIVE_BYTES, makeKeepaliveBudget } from '../../../sdk-core/src/keepalive.js';
import type { OutcryOptions, Platform } from '../../../sdk-core/src/index.js';
import { startCollector } from './collector.js';
import type { TinyCollector } from './collector.js';
import { failureAt, makePlace, RECEIPT, settle, until } from './place.js';
import type { Place } from './place.js';

const open: TinyCollector[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

interface Request {
  readonly url: string;
  readonly bytes: number;
  readonly keepalive: boolean;
  readonly signal: AbortSignal;
}

interface Page extends Place {
  readonly collector: TinyCollector;
  readonly requests: Request[];
  /** Set: requests are begun and never answered. */
  hang: boolean;
  hidden: boolean;
  /** What a withdrawal in another tab would have changed at once. */
  granted: boolean;
  leave(closing: boolean): void;
}

/** A page whose live reports wait 99 s. */
async function openPage(more: Partial<OutcryOptions> = {}, changes: Partial<Platform> = {}): Promise<Page> {
  const collector = await startCollector();
  open.push(collector);
  const leavers = new Set<(closing: boolean) => void>();
  const requests: Request[] = [];
  const state = { hang: false, hidden: false, granted: true };
  const place = makePlace([collector.origin], more, {
    random: () => 0.99,
    liveDelayMs: 100_000,
    isHidden: () => state.hidden,
    isGrantedAtOnce: () => state.granted,
    onLeave(run) {
      leavers.add(run);
      return () => leavers.delete(run);
    },
    fetchFn: (url, init) => {
      const { body, keepalive, signal } = init as { body: Uint8Array; keepalive?: boolean; signal: AbortSignal };
      requests.push({ url: String(url), bytes: body.length, keepalive: keepalive === true, signal });
      if (!state.hang) return fetch(url as string, init);
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
    },
    ...changes,
  });
  const leave = (closing: boolean): void => {
    for (const run of leavers) run(closing);
  };
  await place.agent.setConsent('granted', RECEIPT);
  await place.agent.pending();
  return Object.assign(state, place, { collector, requests, leave });
}

const sealed = ({ events }: Page): number => events.filter(({ kind }) => kind === 'sealed').length;

async function fail(page: Page): Promise<void> {
  const before = sealed(page);
  page.agent.fail(failureAt(page.clock.nowMs));
  await page.clock.advance(250);
  await until(() => sealed(page) > before);
}

describe('a page that is closed', () => {
  it('hands over at once, with keepalive, what nobody has tried yet', async () => {
    const page = await openPage();
    await fail(page);
    expect(page.requests).toEqual([]);
    page.leave(true);
    // In the same turn: after it nothing of a closed page runs.
    expect(page.requests).toMatchObject([{ url: `${page.collector.origin}/v1/reports`, keepalive: true }]);
    await until(() => page.collector.received.length === 1);
    expect(page.collector.received[0]?.body.failures).toHaveLength(1);
    // It came back from the cache and learns of the arrival.
    await until(async () => (await page.agent.pending()).envelopes === 0);
    expect(page.events.filter(({ kind }) => kind === 'delivered')).toHaveLength(1);
    expect(page.agent.sent()).toHaveLength(1);
  });

  it('leaves in the queue what did not arrive', async () => {
    const page = await openPage();
    await fail(page);
    page.collector.answer = (response) => void response.writeHead(503).end();
    page.leave(true);
    await until(() => page.collector.received.length === 1);
    await settle();
    expect(await page.agent.pending()).toMatchObject({ envelopes: 1 });
    page.collector.answer = (response) => void response.writeHead(204).end();
    expect(await page.agent.flush()).toMatchObject({ delivered: 1, kept: 0 });
  });

  it('sends nothing when another tab may have withdrawn the consent, when it cannot tell, or when there is no network', async () => {
    for (const changes of [{ isGrantedAtOnce: () => false }, { online: () => false }] satisfies Partial<Platform>[]) {
      const page = await openPage({}, changes);
      await fail(page);
      page.leave(true);
      expect(page.requests).toEqual([]);
      expect(await page.agent.pending()).toMatchObject({ envelopes: 1 });
    }
  });

  it('has at most 60 KiB in flight and keeps the rest, hidden or not', async () => {
    const page = await openPage({}, { deflate: undefined } as unknown as Partial<Platform>);
    page.hang = true;
    for (const round of [0, 1, 2, 3, 4]) {
      const before = sealed(page);
      for (let n = 0; n < 256; n++) {
        const type = n < 128 ? 'http.error' : 'tcp.reset';
        const diagnosis = { type, phase: 'application', kind: 'http', confidence: 1, evidence: [] } as const;
        page.agent.fail(failureAt(page.clock.nowMs, { statusCode: 400 + (n % 128), diagnosis }));
      }
      await page.clock.advance(round === 0 ? 250 : 10_000);
      await until(() => sealed(page) >= before + 4);
    }
    const { bytes: waiting } = await page.agent.pending();
    expect(waiting).toBeGreaterThan(KEEPALIVE_BYTES);
    page.leave(true);
    const inFlight = page.requests.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(page.requests.every(({ keepalive }) => keepalive)).toBe(true);
    expect(inFlight).toBeLessThanOrEqual(KEEPALIVE_BYTES);
    expect(inFlight).toBeGreaterThan(KEEPALIVE_BYTES - 10_000);
    // Nothing that does not fit goes out without keepalive: it would be cut off.
    page.hidden = true;
    const begun = page.requests.length;
    page.leave(false);
    await settle(100);
    expect(page.requests.length).toBe(begun);
    expect(await page.agent.pending()).toMatchObject({ bytes: waiting });
  });
});

describe('a page that is hidden', () => {
  it('seals and sends at once, with keepalive, for it may never be seen again', async () => {
    const page = await openPage();
    page.agent.fail(failureAt(page.clock.nowMs));
    page.hidden = true;
    page.leave(false);
    await until(() => page.collector.received.length === 1);
    expect(page.requests).toMatchObject([{ keepalive: true }]);
    await until(async () => (await page.agent.pending()).envelopes === 0);
  });

  it('leaves a backlog to its own rounds', async () => {
    const page = await openPage();
    await fail(page);
    page.clock.nowMs += 3_600_000;
    page.hidden = true;
    page.leave(false);
    await settle(100);
    expect(page.requests).toEqual([]);
  });

  it('lets an upload with keepalive go on when the sender lock is given up, and stops it at a withdrawal', async () => {
    let giveUp = new AbortController();
    const page = await openPage(
      {},
      {
        withSenderLock: (work) => work((giveUp = new AbortController()).signal),
      },
    );
    await fail(page);
    page.hang = page.hidden = true;
    page.leave(false);
    await until(() => page.requests.length === 1);
    giveUp.abort();
    await settle();
    expect(page.requests[0]?.signal.aborted).toBe(false);
    await page.agent.setConsent('denied');
    expect(page.requests[0]?.signal.aborted).toBe(true);
  });
});

describe('a page that is left, hidden or closed', () => {
  it('says so once what it has is sealed and something waits, and says nothing when nothing does', async () => {
    for (const closing of [false, true]) {
      const told: number[] = [];
      const page = await openPage({}, { onKept: () => told.push(sealed(page)) });
      page.leave(closing);
      await settle();
      expect(told).toEqual([]);
      page.hang = true;
      page.agent.fail(failureAt(page.clock.nowMs));
      page.leave(closing);
      await until(() => told.length > 0);
      expect(told).toEqual([1]);
    }
  });
});

describe('a page that comes back', () => {
  it('learns of a withdrawal before it does anything', async () => {
    const page = await openPage();
    await fail(page);
    await page.store.erase();
    page.wake();
    await until(() => page.agent.consent === 'denied');
    await page.clock.advance(200_000);
    expect(page.requests).toEqual([]);
  });
});

describe('the keepalive budget', () => {
  it('holds 60 KiB in bytes, an envelope of the largest size among them, and takes again what was given back', () => {
    const budget = makeKeepaliveBudget();
    expect([budget.take(61_440), budget.take(1)]).toEqual([true, false]);
    budget.give(61_440);
    expect([budget.take(61_439), budget.take(2), budget.take(1)]).toEqual([true, false, true]);
  });
});
