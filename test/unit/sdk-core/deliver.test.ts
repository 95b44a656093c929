import { describe, expect, it } from 'vitest';
import { problem, startCollector } from './collector.js';
import { failureAt, makePlace, RECEIPT, settle, until } from './place.js';
import { collector } from './own-collector.js';

/** The origin of a port that nothing listens on. */
async function closedOrigin(host = '127.0.0.2'): Promise<string> {
  const gone = await startCollector(host);
  await gone.close();
  return gone.origin;
}

describe('delivery', () => {
  it('delivers one signed envelope that opens to the failure', async () => {
    const c = await collector();
    const { agent, clock, events } = makePlace([c.origin]);
    await agent.setConsent('granted', RECEIPT);
    await agent.pending();
    agent.fail(failureAt(clock.nowMs + 3_456));
    await clock.advance(250);
    await until(() => events.some(({ kind }) => kind === 'sealed'));
    expect(events.find(({ kind }) => kind === 'sealed')).toMatchObject({ reports: 1 });
    await clock.advance(5_000);
    await until(() => events.some(({ kind }) => kind === 'delivered'));
    expect(c.received).toHaveLength(1);
    const [{ body, signed, bytes }] = c.received as [(typeof c.received)[0]];
    expect(signed).toBe(true);
    expect(bytes[1]).toBe(1);
    expect(body.failures).toEqual([
      {
        occurred_at: Date.UTC(2026, 10, 22, 12, 0, 0) / 1_000,
        host: 'api.shop.example',
        scheme: 'https',
        method: 'GET',
        resource: 'fetch',
        route: null,
        phase: 'connection',
        type: 'tcp.refused',
        kind: 'routing',
        confidence_pct: 90,
        elapsed_ms: 20,
        status_code: 0,
        protocol: 'unknown',
        online: true,
        connection: 'wifi',
        claimed_asn: 0,
        claimed_country: '',
        claim_age: 'none',
        count: 1,
        span_s: 0,
        sampling_ppm: 1_000_000,
      },
    ]);
    expect(body.context).toMatchObject({
      source: 'sdk-browser',
      project: 'shop',
      consent_text: 'v3',
      consent_method: 'dialog',
      runtime_major: 156,
    });
    expect((await agent.pending()).envelopes).toBe(0);
  });

  it('tells the platform of a round that ends with something no collector took, and of no other', async () => {
    const c = await collector();
    let kept = 0;
    const stuck = makePlace([await closedOrigin()], {}, { onKept: () => kept++ });
    await stuck.agent.setConsent('granted', RECEIPT);
    await stuck.agent.pending();
    stuck.agent.fail(failureAt(stuck.clock.nowMs));
    await stuck.clock.advance(10_000);
    await until(() => kept > 0);
    await stuck.agent.setConsent('denied');
    kept = 0;
    const free = makePlace([c.origin], {}, { onKept: () => kept++ });
    await free.agent.setConsent('granted', RECEIPT);
    await free.agent.pending();
    free.agent.fail(failureAt(free.clock.nowMs));
    await free.clock.advance(10_000);
    await until(() => free.events.some(({ kind }) => kind === 'delivered'));
    expect(kept).toBe(0);
  });

  it('sends bytes only: no content type, no cookie, no referrer', async () => {
    const c = await collector();
    const { agent, clock } = makePlace([c.origin]);
    await agent.setConsent('granted', RECEIPT);
    agent.fail(failureAt(clock.nowMs));
    await agent.flush();
    const { headers } = c.received[0] ?? {};
    expect(headers).toBeDefined();
    expect(headers?.['content-type']).toBeUndefined();
    expect(headers?.cookie).toBeUndefined();
    expect(headers?.referer).toBeUndefined();
  });

  it('keeps a report when the collector answers 503, and delivers it after Retry-After', async () => {
    const c = await collector('127.0.0.1', problem(503, 'overloaded', { 'retry-after': '120' }));
    const { agent, clock } = makePlace([c.origin]);
    await agent.setConsent('granted', RECEIPT);
    agent.fail(failureAt(clock.nowMs));
    expect(await agent.flush()).toEqual({ delivered: 0, dropped: 0, kept: 1 });
    expect(await agent.flush()).toEqual({ delivered: 0, dropped: 0, kept: 1 });
    expect(c.received).toHaveLength(1);
    c.answer = (response) => void response.writeHead(204).end();
    await clock.advance(121_000);
    expect(await agent.flush()).toMatchObject({ kept: 0 });
    expect(c.received[1]?.bytes.equals(c.received[0]?.bytes ?? Buffer.alloc(0))).toBe(true);
  });

  it('keeps a report when a captive portal answers 200 with HTML', async () => {
    const c = await collector(
      '127.0.0.1',
      (response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Log in</h1>'),
    );
    const { agent, clock } = makePlace([c.origin]);
    await agent.setConsent('granted', RECEIPT);
    agent.fail(failureAt(clock.nowMs));
    expect(await agent.flush()).toEqual({ delivered: 0, dropped: 0, kept: 1 });
  });

  it('keeps a report that is refused with unknown_key, and tries the next collector', async () => {
    const first = await collector('127.0.0.1', problem(400, 'unknown_key'));
    const second = await collector('127.0.0.2');
    const { agent, clock } = makePlace([first.origin, second.origin], {}, { random: () => 0 });
    await agent.setConsent('granted', RECEIPT);
    agent.fail(failureAt(clock.nowMs));
    expect(await agent.flush()).toMatchObject({ delivered: 1, kept: 0 });
    expect(second.received).toHaveLength(1);
  });

  it('drops a report that is refused for good, and tells the loss in the next envelope', async () => {
    const c = await collector('127.0.0.1', problem(422, 'invalid_report'));
    const { agent, clock, events } = makePlace([c.origin]);
    await agent.setConsent('granted', RECEIPT);
    agent.fail(failureAt(clock.nowMs));
    expect(await agent.flush()).toEqual({ delivered: 0, dropped: 1, kept: 0 });
    expect(events).toContainEqual({ kind: 'dropped', reason: 'rejected', count: 1 });
    c.answer = (response) => void response.writeHead(204).end();
    agent.fail(failureAt(clock.nowMs));
    await agent.flush();
    expect(c.received[1]?.body.losses).toEqual([{ reason: 'rejected', bucket: '1' }]);
  });

  it('goes on to the next collector, and tells which one could not be reached', async () => {
    const dead = await closedOrigin();
    const c = await collector();
    const { agent, clock } = makePlace([dead, c.origin], {}, { random: () => 0 });
    await agent.setConsent('granted', RECEIPT);
    agent.fail(failureAt(clock.nowMs));
    expect(await agent.flush()).toMatchObject({ delivered: 1, kept: 0 });
    expect(c.received).toHaveLength(2);
    expect(c.received[1]?.body.deliveries).toEqual([
      { sent_at: clock.nowMs / 1_000, collector: '127.0.0.1', failed_collectors: ['127.0.0.2'], tries: '1', later_retry: 'unknown' },
    ]);
    expect(c.received[1]?.body.failures).toEqual([]);
  });

  it('never takes a delivery that failed offline for path evidence', async () => {
    const dead = await closedOrigin();
    const c = await collector();
    let online = true;
    const goOffline: typeof fetch = async (url, init) => {
      try {
        return await fetch(url, init);
      } catch (error) {
        online = false;
        throw error;
      }
    };
    const { agent, clock } = makePlace([dead, c.origin], {}, { random: () => 0, online: () => online, fetchFn: goOffline });
    await agent.setConsent('granted', RECEIPT);
    agent.fail(failureAt(clock.nowMs));
    expect(await agent.flush()).toMatchObject({ delivered: 0, kept: 1 });
    online = true;
    expect(await agent.flush()).toMatchObject({ delivered: 1 });
    expect(c.received.flatMap(({ body }) => body.deliveries.flatMap((record) => record.failed_collectors))).toEqual([]);
  });

  it('asks nobody while there is no network, and takes nothing from the budget of the day', async () => {
    const c = await collector();
    let online = false;
    const { agent, clock, store } = makePlace([c.origin], {}, { online: () => online });
    await agent.setConsent('granted', RECEIPT);
    agent.fail(failureAt(clock.nowMs));
    expect(await agent.flush()).toMatchObject({ delivered: 0, kept: 1 });
    await clock.advance(3_600_000);
    expect(c.requests).toEqual([]);
    expect(await store.get('budget')).toBeUndefined();
    expect((await store.entries('e:'))[0]?.[1]).toMatchObject({ tries: 0 });
    online = true;
    expect(await agent.flush()).toMatchObject({ delivered: 1, kept: 0 });
  });

  it('asks the next collector when the first is slow, and cancels the slow one', async () => {
    let cancelled = false;
    const slow = await collector('127.0.0.1', (_, request) => void request.socket.on('close', () => (cancelled = true)));
    const quick = await collector('127.0.0.2');
    const { agent, clock } = makePlace([slow.origin, quick.origin], {}, { random: () => 0 });
    await agent.setConsent('granted', RECEIPT);
    agent.fail(failureAt(clock.nowMs));
    expect(await agent.flush()).toMatchObject({ delivered: 1, kept: 0 });
    expect(slow.received[0]?.bytes.equals(quick.received[0]?.bytes ?? Buffer.alloc(0))).toBe(true);
    await until(() => cancelled);
  });

  it('backs off while no collector answers, and ends that when the network comes back', async () => {
    const c = await collector();
    const tries: number[] = [];
    const place = makePlace(
      [c.origin],
      {},
      {
        random: () => 0.999,
        // Refused at once: how long a real refusal takes would be another clock beside the one of the test.
        fetchFn: (url, init) => {
          if (String(url).includes('reports')) tries.push(place.clock.nowMs);
          return tries.length > 5 ? fetch(url, init) : Promise.reject(new TypeError('fetch failed'));
        },
      },
    );
    const { agent, clock, wake } = place;
    await agent.setConsent('granted', RECEIPT);
    await agent.pending();
    agent.fail(failureAt(clock.nowMs));
    await clock.advance(5_000);
    for (const [n, waitS] of [2, 4, 8, 16].entries()) {
      await until(() => tries.length === n + 1 && clock.waitsFor(waitS));
      await clock.advance(waitS * 1_000);
    }
    await until(() => tries.length === 5 && clock.waitsFor(32));
    const wokenMs = clock.nowMs;
    wake();
    await clock.advance(5_000);
    await until(() => tries.length > 5);
    expect((tries[5] ?? 0) - wokenMs).toBeLessThanOrEqual(5_000);
    await until(() => c.received.length > 0);
  });

  it('sends a backlog apart from live reports, one day of sealing at a time', async () => {
    const c = await collector('127.0.0.1', problem(503, 'overloaded'));
    const { agent, clock } = makePlace([c.origin], { sample: { attempts: 0 } }, { random: () => 0.5 });
    await agent.setConsent('granted', RECEIPT);
    agent.fail(failureAt(clock.nowMs));
    await agent.flush();
    clock.nowMs += 86_400_000;
    agent.fail(failureAt(clock.nowMs, { diagnosis: { type: 'dns.failed', phase: 'dns', kind: 'dns', confidence: 1, evidence: [] } }));
    await agent.flush();
    c.received.length = 0;
    c.answer = (response) => void response.writeHead(204).end();
    await clock.advance(10_000);
    await until(async () => c.received.length === 1);
    await settle(100);
    expect(c.received.map(({ body }) => body.failures[0]?.type)).toEqual(['dns.failed']);
    await until(async () => {
      await clock.advance(5_000);
      return c.received.length >= 2;
    });
    expect(c.received[1]?.body.failures[0]?.type).toBe('tcp.refused');
    // Days of timers, each with a rest for what is under way.
  }, 90_000);

  it('keeps reports for tomorrow when the budget of the day is spent', async () => {
    const c = await collector();
    const { agent, clock } = makePlace([c.origin], { maxBytesPerDay: 1_000 });
    await agent.setConsent('granted', RECEIPT);
    agent.fail(failureAt(clock.nowMs));
    expect(await agent.flush()).toMatchObject({ delivered: 1 });
    agent.fail(failureAt(clock.nowMs));
    expect(await agent.flush()).toMatchObject({ delivered: 1 });
    agent.fail(failureAt(clock.nowMs));
    expect(await agent.flush()).toMatchObject({ delivered: 0, kept: 1 });
    expect(c.received.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeLessThanOrEqual(1_000);
    clock.nowMs += 86_400_000;
    expect(await agent.flush()).toMatchObject({ delivered: 1, kept: 0 });
  });
});
