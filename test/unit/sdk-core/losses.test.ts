/** Every loss is counted by reason, outlives the page, and is told once. */
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { problem, take } from './collector.js';
import type { TinyCollector } from './collector.js';
import { granted } from './granted.js';
import { failureAt, makePlace, RECEIPT, settle, until } from './place.js';
import type { Place } from './place.js';
import { collector } from './own-collector.js';

const DAY_MS = 86_400_000;

const lossesOf = ({ c }: { c: TinyCollector }): string[] =>
  c.received.flatMap(({ body }) => body.losses.map(({ reason, bucket }) => `${reason} ${bucket}`));

describe('counts of losses', () => {
  it('outlive a page that ends without a word, are told by the next one, and only once', async () => {
    const one = await granted({ sample: 0 });
    for (let n = 0; n < 20; n++) one.agent.fail(failureAt(one.clock.nowMs));
    await one.clock.advance(1_000);
    await until(async () => (await one.store.entries('l:')).length === 1);
    // Nothing of that page runs any more.
    const next = makePlace(
      [one.c.origin],
      { consent: 'granted', receipt: RECEIPT },
      { store: one.store, liveDelayMs: 1e9, now: () => one.clock.nowMs },
    );
    await next.agent.pending();
    for (const method of ['GET', 'PUT']) {
      next.agent.fail(failureAt(one.clock.nowMs, { method }));
      await next.agent.flush();
    }
    expect(lossesOf(one)).toEqual(['sampled_out 10-99']);
    expect(await one.store.entries('l:')).toEqual([]);
  });

  it('are told again when the envelope that told them is given up', async () => {
    const one = await granted({ beforeSend: (failure) => (failure.method === 'POST' ? null : failure) });
    one.c.answer = problem(422, 'invalid_report');
    one.agent.fail(failureAt(one.clock.nowMs, { method: 'POST' }));
    one.agent.fail(failureAt(one.clock.nowMs));
    await one.agent.flush();
    one.c.received.length = 0;
    one.c.answer = take;
    one.agent.fail(failureAt(one.clock.nowMs));
    await one.agent.flush();
    expect(lossesOf(one).sort()).toEqual(['before_send 1', 'rejected 1']);
  });

  it('are of failures, repeats included', async () => {
    const one = await granted();
    one.c.answer = problem(422, 'invalid_report');
    for (let n = 0; n < 12; n++) one.agent.fail(failureAt(one.clock.nowMs));
    await one.agent.flush();
    one.c.received.length = 0;
    one.c.answer = take;
    one.agent.fail(failureAt(one.clock.nowMs));
    await one.agent.flush();
    expect(lossesOf(one)).toEqual(['rejected 10-99']);
  });

  it('go with a withdrawal', async () => {
    const one = await granted({ sample: 0 });
    one.agent.fail(failureAt(one.clock.nowMs));
    await one.clock.advance(1_000);
    await until(async () => (await one.store.entries('l:')).length === 1);
    await one.agent.setConsent('denied');
    expect(await one.store.entries('')).toEqual([]);
  });
});

describe('the bytes of a day', () => {
  it('are counted over restarts', async () => {
    const one = await granted({ maxBytesPerDay: 1_000 });
    const again = (): Place =>
      makePlace(
        [one.c.origin],
        { consent: 'granted', receipt: RECEIPT, maxBytesPerDay: 1_000 },
        { store: one.store, liveDelayMs: 1e9, now: () => one.clock.nowMs },
      );
    const results: number[] = [];
    for (let page = 0; page < 4; page++) {
      const { agent } = again();
      await agent.pending();
      agent.fail(failureAt(one.clock.nowMs));
      results.push((await agent.flush()).delivered);
      await settle();
    }
    expect(results).toEqual([1, 1, 0, 0]);
    expect(one.c.received.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeLessThanOrEqual(1_000);
  });

  it('do not keep what was lost from being told: it goes first the next day', async () => {
    const one = await granted({ maxBytesPerDay: 1_300 }, { random: () => 0.5, liveDelayMs: 1_000 });
    one.c.answer = (response) => void response.writeHead(204).end();
    const methods = ['GET', 'PUT', 'POST', 'DELETE', 'HEAD', 'PATCH', 'OPTIONS'];
    for (let n = 0; n < 240; n++) {
      one.agent.fail(failureAt(one.clock.nowMs, { method: methods[n % 7] ?? 'GET', statusCode: n }));
      await one.agent.flush();
    }
    expect(one.events).toContainEqual({ kind: 'dropped', reason: 'byte_budget', count: 1 });
    expect(one.events.filter((event) => event.kind === 'dropped' && event.reason !== 'byte_budget')).toEqual([]);
    one.c.received.length = 0;
    one.clock.nowMs += DAY_MS;
    one.agent.fail(failureAt(one.clock.nowMs));
    for (let round = 0; round < 20 && one.c.received.length === 0; round++) await one.clock.advance(2_000_000);
    await until(() => one.c.received.length > 0);
    const [first] = one.c.received;
    const dayOf = (ms: number): number => Math.floor(ms / DAY_MS);
    expect(first?.body.losses.map(({ reason }) => reason)).toEqual(['byte_budget']);
    expect(dayOf((first?.body.sealed_at ?? 0) * 1_000)).toBe(dayOf(one.clock.nowMs));
  });

  it('give up an envelope that no day has room for, and go on with the rest', async () => {
    const one = await granted({ maxBytesPerDay: 1_000 });
    for (let n = 0; n < 64; n++)
      one.agent.fail(
        failureAt(one.clock.nowMs, {
          statusCode: n,
          host: 'api.shop.example',
          diagnosis: {
            type: `app.n${randomBytes(12).toString('hex')}`,
            phase: 'application',
            kind: 'unknown',
            confidence: 1,
            evidence: [],
          },
        }),
      );
    await one.agent.flush();
    one.agent.fail(failureAt(one.clock.nowMs));
    expect(await one.agent.flush()).toMatchObject({ kept: 0 });
    expect(one.c.received.flatMap(({ body }) => body.failures)).toHaveLength(1);
    expect(lossesOf(one)).toEqual(['byte_budget 10-99']);
  });
});

describe('what was learnt of the collectors', () => {
  it('outlives the page: the next one begins with the collector that worked, and leaves one alone that asked for it', async () => {
    const dead = await collector('127.0.0.2', problem(503, 'overloaded', { 'retry-after': '3600' }));
    const c = await collector();
    const first = makePlace([dead.origin, c.origin], {}, { random: () => 0, liveDelayMs: 1e9 });
    await first.agent.setConsent('granted', RECEIPT);
    first.agent.fail(failureAt(first.clock.nowMs));
    expect(await first.agent.flush()).toMatchObject({ delivered: 1 });
    expect(dead.requests).toHaveLength(1);
    const next = makePlace(
      [dead.origin, c.origin],
      { consent: 'granted', receipt: RECEIPT },
      { random: () => 0, store: first.store, liveDelayMs: 1e9, now: () => first.clock.nowMs },
    );
    await next.agent.pending();
    next.agent.fail(failureAt(first.clock.nowMs));
    expect(await next.agent.flush()).toMatchObject({ delivered: 1 });
    expect(dead.requests).toHaveLength(1);
    expect(JSON.stringify(await first.store.get('health')).length).toBeLessThan(400);
    await next.agent.setConsent('denied');
    expect(await first.store.entries('')).toEqual([]);
  });
});
