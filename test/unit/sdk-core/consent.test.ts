import { describe, expect, it } from 'vitest';
import { makeMemoryStore } from '../../../sdk-core/src/index.js';
import type { Broadcast, Store, TabMessage } from '../../../sdk-core/src/index.js';
import { failureAt, makePlace, RECEIPT, settle, until } from './place.js';
import { collector } from './own-collector.js';

/** A store that notes which of its methods were called. */
function noting(store: Store = makeMemoryStore()): Store & { readonly calls: string[] } {
  const calls: string[] = [];
  const note = <T extends object>(object: T): T =>
    new Proxy(object, {
      get(target, name) {
        if (name === 'calls') return calls;
        const value = Reflect.get(target, name) as unknown;
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          calls.push(String(name));
          return (value as (...args: unknown[]) => unknown).apply(target, args);
        };
      },
    });
  return note(store) as Store & { readonly calls: string[] };
}

const everything = async (store: Store): Promise<[string, unknown][]> => store.entries('');

/** Tabs of one origin that hear each other. */
function makeTabs(): (peers?: number) => Broadcast {
  const listeners = new Set<{ run: (message: TabMessage) => void; tab: object }>();
  return (peers) => {
    const tab = {};
    return {
      post: (message) => listeners.forEach((each) => each.tab !== tab && each.run(message)),
      listen(run) {
        const each = { run, tab };
        listeners.add(each);
        return () => listeners.delete(each);
      },
      ...(peers === undefined ? {} : { peers: () => Promise.resolve(peers) }),
    };
  };
}

describe('before consent', () => {
  it('sends nothing, stores nothing and records nothing', async () => {
    const c = await collector();
    const store = noting();
    const { agent, clock, events } = makePlace([c.origin], { witnesses: [`${c.origin}/v1/witness`] }, { store });
    agent.fail(failureAt(clock.nowMs));
    agent.observe({ host: 'api.shop.example', outcome: 'failed', startedAtMs: clock.nowMs });
    agent.report({ host: 'api.shop.example' });
    expect(await agent.flush()).toEqual({ delivered: 0, dropped: 0, kept: 0 });
    expect(await agent.compareWitness('api.shop.example')).toBeNull();
    agent.preview();
    await clock.advance(600_000);
    await agent.close();
    expect([c.requests, store.calls, events, clock.pending]).toEqual([[], [], [], 0]);
  });

  it('never sends later what happened then', async () => {
    const c = await collector();
    const { agent, clock } = makePlace([c.origin]);
    agent.fail(failureAt(clock.nowMs));
    await agent.setConsent('granted', RECEIPT);
    await agent.flush();
    expect(c.received).toEqual([]);
  });
});

describe('granting', () => {
  it('is told once, in the consents of the next envelope, however often it is applied', async () => {
    const c = await collector();
    const store = makeMemoryStore();
    for (let page = 0; page < 2; page++) {
      const { agent, clock } = makePlace([c.origin], { consent: 'granted', receipt: RECEIPT }, { store });
      await agent.setConsent('granted', RECEIPT);
      await agent.setConsent('granted');
      await agent.pending();
      agent.fail(failureAt(clock.nowMs));
      await agent.flush();
      await agent.close();
    }
    expect(c.received.flatMap(({ body }) => body.consents)).toEqual([
      { text: 'v3', text_hash: RECEIPT.textHash, method: 'dialog', granted_day: Math.floor(Date.parse(RECEIPT.at) / 86_400_000) },
    ]);
  });

  it('refuses a malformed receipt and stays as it was', async () => {
    const { agent } = makePlace(['https://c1.example.net']);
    await expect(agent.setConsent('granted')).rejects.toMatchObject({ code: 'OUTCRY_CONSENT_WITHOUT_RECEIPT' });
    for (const wrong of [{ text: '' }, { textHash: 'short' }, { at: 'yesterday' }, { method: 'shouting' }, { method: 'operator' }])
      await expect(agent.setConsent('granted', { ...RECEIPT, ...wrong } as typeof RECEIPT)).rejects.toMatchObject({
        code: 'OUTCRY_BAD_RECEIPT',
        message: `OUTCRY_BAD_RECEIPT: ${Object.keys(wrong)[0]}`,
      });
    expect(agent.consent).toBe('unknown');
    expect(agent.isGranted()).toBe(false);
  });
});

describe('withdrawal', () => {
  it('leaves nothing in the store, and stops a delivery on its way', async () => {
    let aborted = false;
    const c = await collector('127.0.0.1', (_, request) => void request.socket.on('close', () => (aborted = true)));
    const store = makeMemoryStore();
    const { agent, clock } = makePlace([c.origin], {}, { store });
    await agent.setConsent('granted', RECEIPT);
    agent.fail(failureAt(clock.nowMs));
    const flushing = agent.flush();
    await until(() => c.received.length === 1);
    expect((await everything(store)).length).toBeGreaterThan(0);
    agent.fail(failureAt(clock.nowMs, { statusCode: 1 }));
    await agent.setConsent('denied');
    expect(await everything(store)).toEqual([]);
    await until(() => aborted);
    await flushing;
    await clock.advance(600_000);
    expect(await everything(store)).toEqual([]);
    expect(c.received).toHaveLength(1);
    expect(agent.preview().next.failures).toEqual([]);
    expect(agent.sent()).toEqual([]);
    expect(clock.pending).toBe(0);
    expect(await store.epoch()).toBe(1);
  });

  it('holds against a write that was under way', async () => {
    const inner = makeMemoryStore();
    let late: (() => void) | undefined;
    const store: Store = {
      ...inner,
      write: async (...args) => {
        await new Promise<void>((resolve) => (late = resolve));
        return inner.write(...args);
      },
    };
    const { agent, clock } = makePlace(['https://c1.example.net'], {}, { store });
    await agent.setConsent('granted', RECEIPT);
    agent.fail(failureAt(clock.nowMs));
    void agent.flush();
    await until(() => late !== undefined);
    await agent.setConsent('unknown');
    late?.();
    await settle();
    expect(await everything(inner)).toEqual([]);
  });

  it('is seen by a tab that missed it: no byte is sent under the old epoch', async () => {
    const c = await collector();
    const store = makeMemoryStore();
    const frozen = makePlace([c.origin], {}, { store });
    await frozen.agent.setConsent('granted', RECEIPT);
    await frozen.agent.pending();
    frozen.agent.fail(failureAt(frozen.clock.nowMs));
    const other = makePlace([c.origin], {}, { store });
    await other.agent.setConsent('denied');
    await frozen.agent.flush();
    await settle(100);
    expect(c.requests).toEqual([]);
    expect(frozen.agent.consent).toBe('denied');
    expect(frozen.agent.isGranted()).toBe(false);
  });

  it('checks the epoch right before a request, after everything else about it is settled', async () => {
    const c = await collector();
    const inner = makeMemoryStore();
    const store: Store = {
      ...inner,
      async update(epoch, key, change) {
        const stands = await inner.update(epoch, key, change);
        // The last thing that is written before a request; another tab withdraws just then.
        if (key === 'budget') await inner.erase();
        return stands;
      },
    };
    const { agent, clock } = makePlace([c.origin], {}, { store });
    await agent.setConsent('granted', RECEIPT);
    agent.fail(failureAt(clock.nowMs));
    await agent.flush();
    expect(c.requests).toEqual([]);
    expect(agent.consent).toBe('denied');
    expect(await everything(inner)).toEqual([]);
  });

  it('stops the other tabs, and resolves when they have confirmed', async () => {
    const c = await collector();
    const store = makeMemoryStore();
    const tabs = makeTabs();
    // The second after which it would wait no longer never ends here.
    const here = makePlace([c.origin], {}, { store, broadcast: tabs(1), networkTimer: () => () => undefined });
    const there = makePlace([c.origin], {}, { store, broadcast: tabs(1) });
    await here.agent.setConsent('granted', RECEIPT);
    await there.agent.setConsent('granted', RECEIPT);
    await here.agent.setConsent('denied');
    expect(there.agent.consent).toBe('denied');
    there.agent.fail(failureAt(there.clock.nowMs));
    await there.agent.flush();
    expect(c.requests).toEqual([]);
  });

  it('resolves after 1 s when another tab does not answer', async () => {
    const { agent } = makePlace(['https://c1.example.net'], {}, { broadcast: makeTabs()(1) });
    await agent.setConsent('granted', RECEIPT);
    const startedMs = performance.now();
    await agent.setConsent('denied');
    expect(performance.now() - startedMs).toBeGreaterThan(950);
  });

  it('can be followed by a new grant, which starts empty', async () => {
    const c = await collector();
    const { agent, clock } = makePlace([c.origin]);
    await agent.setConsent('granted', RECEIPT);
    agent.fail(failureAt(clock.nowMs));
    void agent.setConsent('denied');
    await agent.setConsent('granted', RECEIPT);
    agent.fail(failureAt(clock.nowMs, { method: 'PUT' }));
    await agent.flush();
    expect(c.received.flatMap(({ body }) => body.failures.map(({ method }) => method))).toEqual(['PUT']);
  });
});
