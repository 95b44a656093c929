/** Clocks of devices are set forward and back by hours and days, and stand still while a device sleeps. */
import { describe, expect, it } from 'vitest';
import { problem, take } from './collector.js';
import { failureAt, makePlace, RECEIPT, settle, until } from './place.js';
import { collector } from './own-collector.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

describe('a clock that is set back', () => {
  it('does not keep an envelope leased until the clock has caught up', async () => {
    const c = await collector('127.0.0.1', problem(503, 'overloaded'));
    const { agent, clock, store } = makePlace([c.origin]);
    await agent.setConsent('granted', RECEIPT);
    agent.fail(failureAt(clock.nowMs));
    await agent.flush();
    const [[key, entry] = ['', {}]] = await store.entries('e:');
    await store.update(0, key, () => ({ ...(entry as object), leasedUntilMs: clock.nowMs + 60_000 }));
    c.answer = take;
    expect(await agent.flush()).toMatchObject({ delivered: 0, kept: 1 });
    clock.nowMs -= 3 * DAY_MS;
    expect(await agent.flush()).toMatchObject({ delivered: 1, kept: 0 });
  });

  it('does not lengthen what a collector asked for by Retry-After', async () => {
    const c = await collector('127.0.0.1', problem(503, 'overloaded', { 'retry-after': String(365 * 86_400) }));
    const { agent, clock } = makePlace([c.origin]);
    await agent.setConsent('granted', RECEIPT);
    agent.fail(failureAt(clock.nowMs));
    await agent.flush();
    c.answer = take;
    expect(await agent.flush()).toMatchObject({ delivered: 0, kept: 1 });
    clock.nowMs -= HOUR_MS;
    expect(await agent.flush()).toMatchObject({ delivered: 1, kept: 0 });
  });

  it('does not hold back attempts that were counted before', async () => {
    const c = await collector();
    const { agent, clock } = makePlace([c.origin]);
    await agent.setConsent('granted', RECEIPT);
    await agent.pending();
    agent.observe({ host: 'api.shop.example', outcome: 'succeeded', startedAtMs: clock.nowMs });
    clock.jump(-30 * DAY_MS);
    for (let bin = 0; bin < 3; bin++) await clock.advance(300_000);
    await until(() => c.received.some(({ body }) => body.attempts.length > 0));
  });

  it('does not stop comparisons with the witnesses', async () => {
    const c = await collector();
    const { agent, clock } = makePlace([c.origin], { witnesses: [`${c.origin}/v1/witness`] });
    await agent.setConsent('granted', RECEIPT);
    expect(await agent.compareWitness('api.shop.example')).toHaveLength(1);
    expect(await agent.compareWitness('api.shop.example')).toBeNull();
    clock.nowMs -= 2 * DAY_MS;
    expect(await agent.compareWitness('api.shop.example')).toHaveLength(1);
  });
});

describe('a device that slept', () => {
  it('sends when the network is back, though its timers still run', async () => {
    const c = await collector('127.0.0.1', problem(503, 'overloaded', { 'retry-after': '7200' }));
    const { agent, clock, wake } = makePlace([c.origin], {}, { random: () => 0 });
    await agent.setConsent('granted', RECEIPT);
    await agent.pending();
    agent.fail(failureAt(clock.nowMs));
    await clock.advance(250);
    await until(() => c.received.length === 1 && clock.waitsFor(7_200));
    c.answer = take;
    // Eight hours pass; no timer moves.
    clock.jump(8 * HOUR_MS);
    wake();
    // A backlog by now: it waits for a round of its own.
    for (let round = 0; round < 3; round++) await clock.advance(10_000);
    await until(() => c.received.length >= 2);
  });
});

describe('a clock that is set forward', () => {
  it('signs with the key of its day, and goes back to sealing when it is set right', async () => {
    const c = await collector();
    const { agent, clock } = makePlace([c.origin]);
    await agent.setConsent('granted', RECEIPT);
    for (const jumpMs of [0, 3 * DAY_MS, -3 * DAY_MS]) {
      clock.nowMs += jumpMs;
      agent.fail(failureAt(clock.nowMs));
      expect(await agent.flush()).toMatchObject({ delivered: 1 });
      await settle();
    }
    const days = c.received.map(({ bytes }) => bytes.readUInt16BE(8));
    expect(days[1]).toBe((days[0] ?? 0) + 3);
    expect(days[2]).toBe(days[0]);
    // No key outlives its day: the third is not the first again.
    expect(new Set(c.received.map(({ bytes }) => bytes.subarray(56, 88).toString('hex'))).size).toBe(3);
  });
});
