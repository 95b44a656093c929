/** Apps, collectors and stores that do what nobody would expect of them. */
import { describe, expect, it } from 'vitest';
import type { Failure } from '@outcry/protocol';
import { makeMemoryStore } from '../../../sdk-core/src/index.js';
import type { Store } from '../../../sdk-core/src/index.js';
import { startCollector, take } from './collector.js';
import { failureAt, makePlace, RECEIPT, settle, until } from './place.js';
import { collector } from './own-collector.js';

describe('an app', () => {
  it('that returns garbage from beforeSend loses at most that failure, counted, and preview goes on', async () => {
    const c = await collector();
    const garbage: unknown[] = [
      Promise.resolve(null),
      {
        get host() {
          throw new Error('mine');
        },
      },
      new Proxy(
        {},
        {
          get() {
            throw new Error('mine');
          },
        },
      ),
      'text',
      undefined,
    ];
    let turn = 0;
    const beforeSend = (failure: Failure): Failure | null => (failure.method === 'GET' ? (garbage[turn] as Failure) : failure);
    const { agent, clock } = makePlace([c.origin], { beforeSend });
    await agent.setConsent('granted', RECEIPT);
    for (; turn < garbage.length; turn++) {
      agent.fail(failureAt(clock.nowMs));
      agent.fail(failureAt(clock.nowMs, { method: 'PUT' }));
      expect(agent.preview().next.failures.length).toBeLessThanOrEqual(1);
      expect(await agent.flush()).toMatchObject({ kept: 0 });
    }
    const bodies = c.received.map(({ body }) => body);
    expect(bodies.flatMap(({ failures }) => failures.map(({ method }) => method))).toEqual(garbage.map(() => 'PUT'));
    expect(bodies.flatMap(({ losses }) => losses.map(({ reason }) => reason))).toContain('before_send');
  });

  it('that tells of endless failures spoils no other report', async () => {
    const c = await collector();
    const { agent, clock } = makePlace([c.origin]);
    await agent.setConsent('granted', RECEIPT);
    await agent.pending();
    for (const elapsedMs of [Infinity, Infinity, NaN, -Infinity, Number.MAX_VALUE]) agent.report({ host: 'api.shop.example', elapsedMs });
    agent.fail(failureAt(clock.nowMs));
    await agent.flush();
    const failures = c.received.flatMap(({ body }) => body.failures);
    expect(failures.map(({ type }) => type).sort()).toEqual(['tcp.refused', 'unknown']);
    expect(failures.find(({ type }) => type === 'unknown')).toMatchObject({ count: 5 });
  });

  it('that fails ten thousand times in a moment gets one record, and few timers', async () => {
    const c = await collector();
    const { agent, clock } = makePlace([c.origin]);
    await agent.setConsent('granted', RECEIPT);
    await agent.pending();
    const timers = clock.pending;
    for (let n = 0; n < 10_000; n++) agent.fail(failureAt(clock.nowMs));
    expect(clock.pending - timers).toBe(1);
    for (let n = 0; n < 10_000; n++) agent.report({ host: 'api.shop.example', type: `app.n${n}` });
    expect(clock.pending - timers).toBeLessThan(300);
    expect((await agent.pending()).unsealed).toBeLessThan(300);
    await agent.flush();
    const bodies = c.received.map(({ body }) => body);
    expect(bodies.flatMap(({ failures }) => failures).find(({ type }) => type === 'tcp.refused')).toMatchObject({ count: 10_000 });
    expect(bodies.flatMap(({ losses }) => losses)).toContainEqual({ reason: 'queue_full', bucket: '>=100' });
  });

  it('that withdraws after it closed the agent leaves nothing behind', async () => {
    const store = makeMemoryStore();
    const { agent, clock } = makePlace(['http://127.0.0.1:9'], {}, { store });
    await agent.setConsent('granted', RECEIPT);
    agent.fail(failureAt(clock.nowMs));
    await agent.close();
    expect(await store.entries('')).not.toEqual([]);
    await agent.setConsent('denied');
    expect(await store.entries('')).toEqual([]);
    await agent.setConsent('granted', RECEIPT);
    expect(agent.isGranted()).toBe(false);
  });

  it('that closes the agent in the middle of a delivery leaves no timer', async () => {
    const c = await collector('127.0.0.1', () => undefined);
    const { agent, clock } = makePlace([c.origin], {}, { random: () => 0 });
    await agent.setConsent('granted', RECEIPT);
    await agent.pending();
    agent.fail(failureAt(clock.nowMs));
    await clock.advance(300);
    await until(() => c.received.length > 0);
    const closing = agent.close();
    c.answer = take;
    await c.close();
    await closing;
    await settle(100);
    expect(clock.pending).toBe(0);
  });
});

describe('a request that began under an earlier consent', () => {
  it('can be told from one that began under this', async () => {
    const { agent } = makePlace(['http://127.0.0.1:9']);
    const before = agent.grants();
    await agent.setConsent('granted', RECEIPT);
    const first = agent.grants();
    void agent.setConsent('denied');
    void agent.setConsent('granted', RECEIPT);
    expect(new Set([before, first, agent.grants()]).size).toBe(3);
  });
});

describe('a collector', () => {
  it('that answers with an endless JSON text does not fill the memory', async () => {
    let written = 0;
    let closed = false;
    const c = await collector('127.0.0.1', (response, request) => {
      request.socket.on('close', () => (closed = true));
      response.writeHead(400, { 'content-type': 'application/problem+json' });
      const more = (): void => {
        if (closed) return;
        written += 65_536;
        response.write('x'.repeat(65_536), () => setImmediate(more));
      };
      more();
    });
    const { agent, clock } = makePlace([c.origin]);
    await agent.setConsent('granted', RECEIPT);
    agent.fail(failureAt(clock.nowMs));
    expect(await agent.flush()).toEqual({ delivered: 0, dropped: 0, kept: 1 });
    await until(() => closed);
    expect(written).toBeLessThan(20_000_000);
  });

  it('that the page was not allowed to ask is no path evidence, however late the word of it comes', async () => {
    const gone = await startCollector('127.0.0.2');
    await gone.close();
    const c = await collector();
    const { agent, clock } = makePlace(
      [gone.origin, c.origin],
      {},
      {
        random: () => 0,
        wasBlocked: async (url) => {
          await settle(20);
          return url.startsWith(gone.origin);
        },
      },
    );
    await agent.setConsent('granted', RECEIPT);
    agent.fail(failureAt(clock.nowMs));
    await agent.flush();
    expect(c.received.flatMap(({ body }) => body.deliveries)).toEqual([]);
  });

  it('whose witness tells nonsense gives no label, and does no harm', async () => {
    const c = await collector();
    const answers = [
      'null',
      '[]',
      '{"asn":"3320","country":"DE"}',
      '{"asn":-1,"country":"DE"}',
      '{"asn":3320,"country":"<b>"}',
      '{',
      '',
      '7',
    ];
    const { agent, clock, wake } = makePlace([c.origin], { witnesses: [`${c.origin}/v1/witness`] });
    c.witness = (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(answers.shift() ?? 'null');
    await agent.setConsent('granted', RECEIPT);
    await agent.pending();
    await clock.advance(5_000);
    for (let n = 2; answers.length > 0; n++) {
      clock.nowMs += 61_000;
      wake();
      await until(() => c.requests.filter(({ url }) => url === '/v1/witness').length >= n);
    }
    await settle();
    agent.fail(failureAt(clock.nowMs));
    expect(agent.preview().next.failures).toMatchObject([{ claimed_asn: 0, claimed_country: '', claim_age: 'none' }]);
  });

  it('that fails with a label is not believed', async () => {
    const c = await collector();
    c.witness = (response) => void response.writeHead(500, { 'content-type': 'application/json' }).end('{"asn":3320,"country":"DE"}');
    const { agent, clock } = makePlace([c.origin], { witnesses: [`${c.origin}/v1/witness`] });
    await agent.setConsent('granted', RECEIPT);
    await agent.pending();
    await clock.advance(5_000);
    await until(() => c.requests.length > 0);
    await settle();
    agent.fail(failureAt(clock.nowMs));
    expect(agent.preview().next.failures).toMatchObject([{ claimed_asn: 0 }]);
  });
});

/** A store whose methods fail while `broken` names them. */
function breakable(): { store: Store; inner: Store; broken: Set<keyof Store> } {
  const inner = makeMemoryStore();
  const broken = new Set<keyof Store>();
  const store = new Proxy(inner, {
    get(target, name: keyof Store) {
      return broken.has(name) ? () => Promise.reject(new Error('disk')) : target[name];
    },
  });
  return { store, inner, broken };
}

describe('a store', () => {
  it('that fails in the middle of a round is asked again later', async () => {
    const c = await collector();
    const { store, broken } = breakable();
    const { agent, clock } = makePlace([c.origin], {}, { store, random: () => 0.5 });
    await agent.setConsent('granted', RECEIPT);
    await agent.pending();
    agent.fail(failureAt(clock.nowMs));
    await clock.advance(250);
    await until(async () => (await agent.pending()).envelopes === 1);
    broken.add('entries');
    await clock.advance(5_000);
    expect(c.received).toEqual([]);
    broken.clear();
    for (let round = 0; round < 4; round++) await clock.advance(5_000);
    await until(() => c.received.length > 0);
  });

  it('that takes no lease and gives nothing up, as on a full disk, still has everything delivered, and by this page once', async () => {
    const c = await collector();
    const { store, broken } = breakable();
    const { agent, clock } = makePlace([c.origin], {}, { store });
    await agent.setConsent('granted', RECEIPT);
    await agent.pending();
    agent.fail(failureAt(clock.nowMs));
    await clock.advance(250);
    await until(async () => (await agent.pending()).envelopes === 1);
    for (const method of ['update', 'write'] as const) broken.add(method);
    agent.fail(failureAt(clock.nowMs, { method: 'PUT' }));
    expect(await agent.flush()).toMatchObject({ delivered: 2, kept: 0 });
    expect(await agent.flush()).toEqual({ delivered: 0, dropped: 0, kept: 0 });
    expect(c.received.map(({ body }) => [body.failures.map(({ method }) => method), body.losses.map(({ reason }) => reason)])).toEqual([
      [['GET'], []],
      [['PUT'], []],
      [[], ['storage_failed']],
    ]);
    broken.clear();
    expect(await agent.pending()).toMatchObject({ envelopes: 0 });
    expect(await store.entries('e:')).toEqual([]);
  });

  it('that cannot tell its epoch lets nothing be sent, blames no collector, and ends no consent', async () => {
    const c = await collector();
    const { store, broken } = breakable();
    const { agent, clock } = makePlace([c.origin], {}, { store });
    await agent.setConsent('granted', RECEIPT);
    await agent.pending();
    agent.fail(failureAt(clock.nowMs));
    await settle();
    broken.add('epoch');
    expect(await agent.flush()).toEqual({ delivered: 0, dropped: 0, kept: 1 });
    expect([c.requests, agent.consent]).toEqual([[], 'granted']);
    broken.clear();
    expect(await agent.flush()).toMatchObject({ delivered: 1 });
    expect(c.received.flatMap(({ body }) => body.deliveries.flatMap((each) => each.failed_collectors))).toEqual([]);
  });

  it('that could not be erased is not used by a new consent, which begins when it is', async () => {
    const c = await collector();
    const { store, inner, broken } = breakable();
    // Of the waits only the short ones, between the tries to erase, come to their end by themselves.
    const later: (() => void)[] = [];
    const setTimer = (run: () => void, ms: number): (() => void) => {
      if (ms === 30_000) later.push(run);
      const timer = setTimeout(run, ms === 100 ? 1 : 1e6);
      return () => clearTimeout(timer);
    };
    const { agent, clock } = makePlace(['http://127.0.0.1:9'], {}, { store, setTimer });
    await agent.setConsent('granted', RECEIPT);
    agent.fail(failureAt(clock.nowMs));
    await agent.flush();
    expect((await inner.entries('e:')).length).toBe(1);
    broken.add('erase');
    await agent.setConsent('denied');
    await agent.setConsent('granted', RECEIPT);
    agent.fail(failureAt(clock.nowMs));
    await agent.flush();
    expect((await inner.entries('e:')).length).toBe(1);
    broken.clear();
    for (const run of later.splice(0)) run();
    expect(await agent.flush()).toEqual({ delivered: 0, dropped: 0, kept: 1 });
    expect((await inner.entries('e:')).length).toBe(1);
    expect([agent.consent, await inner.epoch(), c.requests]).toEqual(['granted', 1, []]);
  });
});
