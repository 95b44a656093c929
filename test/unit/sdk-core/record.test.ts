/** What the agent records, from an observation to the sealed body. Long because one collector stand-in and one agent serve all cases. */
import { describe, expect, it } from 'vitest';
import { granted } from './granted.js';
import { failureAt, makePlace, RECEIPT, settle, until } from './place.js';
import { collector } from './own-collector.js';

describe('folding', () => {
  it('folds identical failures into one record with count and span, and keeps different ones apart', async () => {
    const { agent, clock, c } = await granted();
    for (let i = 0; i < 5; i++) agent.fail(failureAt(clock.nowMs + i * 7_000));
    agent.fail(failureAt(clock.nowMs, { method: 'POST' }));
    agent.fail(failureAt(clock.nowMs, { statusCode: 503 }));
    await agent.flush();
    expect(c.received[0]?.body.failures.map(({ method, status_code, count, span_s }) => [method, status_code, count, span_s])).toEqual([
      ['GET', 0, 5, 28],
      ['POST', 0, 1, 0],
      ['GET', 503, 1, 0],
    ]);
  });

  it('puts at most 64 records into one envelope', async () => {
    const { agent, clock, c } = await granted();
    for (let i = 0; i < 100; i++) agent.fail(failureAt(clock.nowMs, { statusCode: i }));
    await agent.flush();
    expect(c.received.map(({ body }) => body.failures.length)).toEqual([64, 36]);
  });
});

describe('reports', () => {
  it('samples failures, says the share, and counts what was left out', async () => {
    let draw = 0;
    const { agent, clock, c, events } = await granted({ sample: 0.25 }, { random: () => (draw = (draw + 0.1) % 1) });
    for (let i = 0; i < 100; i++) agent.fail(failureAt(clock.nowMs));
    await agent.flush();
    const kept = c.received[0]?.body.failures[0];
    expect(kept?.sampling_ppm).toBe(250_000);
    const lost = events.filter((event) => event.kind === 'dropped' && event.reason === 'sampled_out').length;
    expect((kept?.count ?? 0) + lost).toBe(100);
    expect(lost).toBeGreaterThan(60);
    expect(c.received[0]?.body.losses).toEqual([{ reason: 'sampled_out', bucket: '10-99' }]);
  });

  it('lets beforeSend drop and coarsen, and never add', async () => {
    const { agent, clock, c } = await granted({
      routes: ['/cart/:id'],
      beforeSend: (failure) =>
        failure.method === 'POST'
          ? null
          : ({
              ...failure,
              route: null,
              elapsed_ms: 10,
              type: 'tcp',
              host: 'user-77.example',
              method: 'DELETE',
              count: 99,
              status_code: 500,
              note: 'x',
            } as typeof failure),
    });
    agent.fail(failureAt(clock.nowMs, { route: '/cart/:id' }));
    agent.fail(failureAt(clock.nowMs, { method: 'POST' }));
    expect(agent.preview().next.failures).toHaveLength(1);
    await agent.flush();
    expect(c.received[0]?.body.failures).toMatchObject([
      { route: null, elapsed_ms: 10, type: 'tcp', host: 'api.shop.example', method: 'GET', count: 1, status_code: 0 },
    ]);
    expect(c.received[0]?.body.losses).toEqual([{ reason: 'before_send', bucket: '1' }]);
  });

  it('drops what a throwing beforeSend was asked about', async () => {
    const { agent, clock, c } = await granted({
      beforeSend: () => {
        throw new Error('mine');
      },
    });
    agent.fail(failureAt(clock.nowMs));
    expect(await agent.flush()).toEqual({ delivered: 0, dropped: 0, kept: 0 });
    expect(c.received).toEqual([]);
  });

  it('takes failures that the app tells of, within bounds, and never throws at it', async () => {
    const { agent, c } = await granted({ routes: ['checkout'] });
    agent.report({ host: 'API.shop.example', type: 'http.error', route: 'checkout', statusCode: 99_999, elapsedMs: 1e12, method: 'BREW' });
    agent.report({ host: 'api.shop.example', type: 'Not A Type', route: 'https://secret' });
    agent.report({ host: 'elsewhere.example' });
    agent.report(undefined as never);
    agent.report({ host: 7 } as never);
    await agent.flush();
    expect(c.received[0]?.body.failures).toMatchObject([
      {
        host: 'api.shop.example',
        type: 'http.error',
        kind: 'http',
        route: 'checkout',
        status_code: 599,
        elapsed_ms: 1_000_000,
        method: 'other',
      },
      { type: 'unknown', kind: 'unknown', route: null },
    ]);
  });

  it('shows before the sending exactly what is then sent', async () => {
    const { agent, clock, c } = await granted();
    agent.fail(failureAt(clock.nowMs));
    const { next, receivers, csp, fields, consent } = agent.preview();
    await agent.flush();
    const { sealed_at: sealedAt, ...body } = c.received[0]?.body ?? { sealed_at: 0 };
    expect(sealedAt).toBe(clock.nowMs / 1_000);
    expect(body).toEqual(next);
    expect([consent, receivers, csp]).toEqual(['granted', [c.origin], `connect-src ${c.origin}`]);
    expect(fields.failures).toContain('occurred_at');
    expect(JSON.parse(JSON.stringify(agent.preview()))).toEqual(agent.preview());
  });

  it('says afterwards in plain words what was sent, 50 deliveries at most', async () => {
    const { agent, clock, c } = await granted();
    for (let i = 0; i < 53; i++) {
      agent.fail(failureAt(clock.nowMs));
      await agent.flush();
    }
    const sent = agent.sent();
    expect(sent).toHaveLength(50);
    expect(sent.at(-1)).toMatchObject({
      collector: c.origin,
      words: ['12:00:00 UTC, GET https://api.shop.example: routing (tcp.refused)', 'an earlier report reached 127.0.0.1'],
    });
  });

  it('counts failures as no_crypto where sealing cannot be had, and stores nothing unsealed', async () => {
    const { agent, clock, store, events } = await granted({}, { subtle: undefined });
    agent.fail(failureAt(clock.nowMs));
    await agent.flush();
    expect(events).toContainEqual({ kind: 'dropped', reason: 'no_crypto', count: 1 });
    expect(await store.entries('e:')).toEqual([]);
  });

  it('seals with suite 2 where native crypto is missing', async () => {
    const { agent, clock, c } = await granted({}, { subtle: undefined, loadNacl: () => import('../../../protocol/src/seal-nacl.js') });
    agent.fail(failureAt(clock.nowMs));
    await agent.flush();
    expect([c.received[0]?.bytes[1], c.received[0]?.signed]).toEqual([2, true]);
    expect(c.received[0]?.body.failures).toHaveLength(1);
  });

  it('signs with one key a day, kept over pages, and with another one the next day', async () => {
    const { agent, clock, c, store } = await granted();
    const signers = (): Set<string> => new Set(c.received.map(({ bytes }) => bytes.subarray(56, 88).toString('hex')));
    agent.fail(failureAt(clock.nowMs));
    await agent.flush();
    const second = makePlace([c.origin], { consent: 'granted', receipt: RECEIPT }, { store, now: () => clock.nowMs });
    await second.agent.pending();
    second.agent.fail(failureAt(clock.nowMs));
    await second.agent.flush();
    expect(signers().size).toBe(1);
    clock.nowMs += 86_400_000;
    agent.fail(failureAt(clock.nowMs));
    await agent.flush();
    expect(signers().size).toBe(2);
    expect(await store.entries('s:')).toHaveLength(1);
  });
});

describe('attempts', () => {
  const attempt = (startedAtMs: number, outcome: 'succeeded' | 'failed' | 'aborted' = 'succeeded') => ({
    host: 'api.shop.example',
    outcome,
    startedAtMs,
  });

  it('are sealed in 5-minute bins once the bin is over, and made is the sum of the outcomes', async () => {
    const { agent, clock, c } = await granted();
    for (const outcome of ['succeeded', 'succeeded', 'failed', 'aborted'] as const) agent.observe(attempt(clock.nowMs, outcome));
    await clock.advance(600_000);
    await agent.flush();
    expect(c.received.flatMap(({ body }) => body.attempts)).toEqual([
      {
        host: 'api.shop.example',
        bin_start: Date.UTC(2026, 10, 22, 12) / 1_000,
        made: 4,
        succeeded: 2,
        failed: 1,
        aborted: 1,
        panel_ppm: 1_000_000,
      },
    ]);
  });

  it('never travel because something failed', async () => {
    const { agent, clock, c } = await granted();
    agent.observe(attempt(clock.nowMs, 'failed'));
    agent.fail(failureAt(clock.nowMs));
    await agent.flush();
    expect(c.received[0]?.body.attempts).toEqual([]);
  });

  it('come from a panel drawn once a day for the device, whatever fails', async () => {
    const draws = [0.2, 0.9];
    const first = await granted({ sample: { attempts: 0.5 } }, { random: () => draws[0] ?? 0 });
    first.agent.observe(attempt(first.clock.nowMs));
    await settle();
    const second = makePlace(
      [first.c.origin],
      { consent: 'granted', receipt: RECEIPT, sample: { attempts: 0.5 } },
      { store: first.store, random: () => draws[1] ?? 0 },
    );
    await second.agent.pending();
    second.agent.observe(attempt(second.clock.nowMs));
    await settle();
    second.agent.observe(attempt(second.clock.nowMs));
    expect(first.agent.preview().next.attempts).toMatchObject([{ made: 1, panel_ppm: 500_000 }]);
    expect(second.agent.preview().next.attempts).toMatchObject([{ panel_ppm: 500_000 }]);
  });

  it('are sealed to the last when the agent is closed', async () => {
    const { agent, clock, c } = await granted();
    agent.observe(attempt(clock.nowMs));
    agent.fail(failureAt(clock.nowMs));
    await agent.close();
    expect(c.received[0]?.body.attempts).toHaveLength(1);
    expect(clock.pending).toBe(0);
    agent.fail(failureAt(clock.nowMs));
    expect(await agent.flush()).toEqual({ delivered: 0, dropped: 0, kept: 0 });
  });
});

describe('the queue', () => {
  it('drops reports older than 7 days, and counts them', async () => {
    const { agent, clock, c, events } = await granted();
    agent.fail(failureAt(clock.nowMs));
    await clock.advance(250);
    await until(async () => (await agent.pending()).envelopes === 1);
    clock.nowMs += 7 * 86_400_000 + 1;
    expect(await agent.flush()).toEqual({ delivered: 0, dropped: 0, kept: 0 });
    expect(events).toContainEqual({ kind: 'dropped', reason: 'too_old', count: 1 });
    expect(c.received).toEqual([]);
  });

  it('leaves an envelope alone that another sender has leased', async () => {
    const { agent, clock, c, store } = await granted();
    agent.fail(failureAt(clock.nowMs));
    await clock.advance(250);
    await until(async () => (await store.entries('e:')).length === 1);
    const [[key]] = (await store.entries('e:')) as [[string, unknown]];
    await store.update(0, key, (old) => ({ ...(old as object), leasedUntilMs: clock.nowMs + 60_000 }));
    expect(await agent.flush()).toEqual({ delivered: 0, dropped: 0, kept: 1 });
    clock.nowMs += 61_000;
    expect(await agent.flush()).toEqual({ delivered: 1, dropped: 0, kept: 0 });
    // That sender died or slept; it is told at once.
    expect(c.received.map(({ body }) => [body.failures.length, body.losses])).toEqual([
      [1, []],
      [0, [{ reason: 'lease_lost', bucket: '1' }]],
    ]);
  });
});

describe('witnesses', () => {
  it('give the network label that a later failure claims, asked once an hour at most', async () => {
    const w = await collector('127.0.0.3');
    const { agent, clock, c, store } = await granted({ witnesses: [`${w.origin}/v1/witness`] }, { liveDelayMs: 1_000 });
    await clock.advance(1_000);
    await until(async () => (await store.get('witness')) !== undefined);
    clock.nowMs += 1_800_000;
    for (let i = 0; i < 20; i++) agent.observe({ host: 'api.shop.example', outcome: 'succeeded', startedAtMs: clock.nowMs });
    await settle();
    agent.fail(failureAt(clock.nowMs));
    await agent.flush();
    expect(c.received.at(-1)?.body.failures[0]).toMatchObject({ claimed_asn: 3320, claimed_country: 'DE', claim_age: '<1h' });
    expect(w.requests).toHaveLength(1);
    expect(w.requests[0]?.headers).not.toHaveProperty('cookie');
  });

  it('are compared at most once per host and minute, and six times an hour', async () => {
    const w = await collector('127.0.0.3');
    const { agent, clock } = await granted({
      hosts: ['api.shop.example', 'img.shop.example'],
      witnesses: [`${w.origin}/v1/witness`, 'http://127.0.0.4:9/v1/witness'],
    });
    const answers = await agent.compareWitness('api.shop.example');
    expect(answers?.map(({ reached }) => reached).sort()).toEqual([false, true]);
    expect(await agent.compareWitness('api.shop.example')).toBeNull();
    expect(await agent.compareWitness('img.shop.example')).toHaveLength(2);
    for (let i = 0; i < 4; i++) {
      clock.nowMs += 61_000;
      expect(await agent.compareWitness('api.shop.example')).toHaveLength(2);
    }
    clock.nowMs += 61_000;
    expect(await agent.compareWitness('api.shop.example')).toBeNull();
  });
});
