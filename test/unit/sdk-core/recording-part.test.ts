/** Consent where the recording part cannot be loaded or the store not be erased. */
import { describe, expect, it } from 'vitest';
import { checkOptions, createAgent, makeMemoryStore } from '../../../sdk-core/src/index.js';
import type { Agent, OutcryOptions, Platform, Store } from '../../../sdk-core/src/index.js';
import { failureAt, makePlace, optionsFor, RECEIPT, settle } from './place.js';
import type { Place } from './place.js';
import { collector } from './own-collector.js';

const everything = async (store: Store): Promise<[string, unknown][]> => store.entries('');

/** An agent whose recording part is loaded by `load`, which may fail. */
async function agentLoading(
  collectors: string[],
  load: () => Promise<unknown>,
  more: Partial<OutcryOptions> = {},
  changes: Partial<Platform> = {},
): Promise<{ readonly agent: Agent; readonly clock: Place['clock'] }> {
  const { platform, clock } = makePlace(collectors, {}, changes);
  const agent = createAgent(checkOptions(optionsFor(collectors, more), 'sdk-browser'), platform, async () => {
    await load();
    return import('../../../sdk-core/src/session.js');
  });
  return { agent, clock };
}

const cannotLoad = (): Promise<never> => Promise.reject(new Error('offline'));

describe('the recording part', () => {
  it('is loaded again when it could not be loaded, and keeps what was observed meanwhile', async () => {
    const c = await collector();
    let loads = 0;
    const inner = makeMemoryStore();
    // As in a browser, where the store comes with it.
    const store = { ...inner, epoch: async () => (loads < 2 ? cannotLoad() : inner.epoch()) };
    const { agent, clock } = await agentLoading([c.origin], async () => ++loads === 1 && cannotLoad(), {}, { store });
    await agent.setConsent('granted', RECEIPT);
    agent.fail(failureAt(clock.nowMs));
    await agent.flush();
    expect(c.received).toEqual([]);
    await clock.advance(30_000);
    await agent.flush();
    expect(c.received[0]?.body.failures).toHaveLength(1);
    expect(agent.consent).toBe('granted');
  });

  it('that is loaded after a withdrawal in a tab that could not be heard records nothing', async () => {
    const c = await collector();
    const store = makeMemoryStore();
    let loads = 0;
    const { agent, clock } = await agentLoading([c.origin], async () => ++loads === 1 && cannotLoad(), {}, { store });
    await agent.setConsent('granted', RECEIPT);
    agent.fail(failureAt(clock.nowMs));
    await settle();
    await store.erase();
    await clock.advance(30_000);
    await agent.flush();
    expect(agent.consent).toBe('denied');
    expect([c.requests, await everything(store)]).toEqual([[], []]);
  });

  it('is not needed for a withdrawal, also where the browser has a policy to forget', async () => {
    const store = makeMemoryStore();
    await store.write(0, [['e:1', 'waits']]);
    const nel = { nel: ['https://api.shop.example'] };
    for (const load of [cannotLoad, () => new Promise<never>(() => undefined)]) {
      const { agent } = await agentLoading(['https://c1.example.net'], load, nel, { store });
      await agent.setConsent('granted', RECEIPT);
      const epoch = await store.epoch();
      await agent.setConsent('denied');
      expect([agent.consent, await everything(store), await store.epoch()]).toEqual(['denied', [], epoch + 1]);
      await agent.setConsent('granted', RECEIPT);
      await agent.setConsent('denied');
      expect(await store.epoch()).toBe(epoch + 2);
    }
  });
});

describe('a store that cannot be erased just now', () => {
  /** A store whose `erase` fails while `state.broken`. */
  function breaking(): { readonly store: Store; readonly state: { broken: boolean; tries: number } } {
    const inner = makeMemoryStore();
    const state = { broken: true, tries: 0 };
    const erase = (): Promise<number> => {
      state.tries++;
      return state.broken ? Promise.reject(new Error('busy')) : inner.erase();
    };
    return { store: { ...inner, erase }, state };
  }

  /** Withdraws while the store fails; its three tries are over. */
  async function withdrawInVain(place: Place): Promise<void> {
    let isOver = false;
    void place.agent.setConsent('denied').then(() => (isOver = true));
    while (!isOver) await place.clock.advance(100);
  }

  it('is erased as soon as it can be', async () => {
    const { store, state } = breaking();
    const place = makePlace(['https://c1.example.net'], {}, { store });
    await place.agent.setConsent('granted', RECEIPT);
    await place.agent.pending();
    await store.write(0, [['e:1', 'waits']]);
    await withdrawInVain(place);
    expect((await everything(store)).length).toBeGreaterThan(0);
    await place.clock.advance(35_000);
    expect(state.tries).toBe(6);
    state.broken = false;
    await place.clock.advance(35_000);
    expect([await everything(store), await store.epoch()]).toEqual([[], 1]);
    await place.clock.advance(120_000);
    expect([state.tries, place.clock.pending]).toEqual([7, 0]);
  });

  it('is tried at once when the app says it again', async () => {
    const { store, state } = breaking();
    const place = makePlace(['https://c1.example.net'], {}, { store });
    await withdrawInVain(place);
    state.broken = false;
    await place.agent.setConsent('denied');
    expect(await store.epoch()).toBe(1);
  });

  it('takes nothing under a new consent before that, which then stands', async () => {
    const c = await collector();
    const { store, state } = breaking();
    const place = makePlace([c.origin], {}, { store });
    await place.agent.setConsent('granted', RECEIPT);
    await place.agent.pending();
    await store.write(0, [['e:1', 'waits']]);
    await withdrawInVain(place);
    await place.agent.setConsent('granted', RECEIPT);
    place.agent.fail(failureAt(place.clock.nowMs));
    for (let second = 0; second < 8; second++) await place.clock.advance(1_000);
    expect((await store.entries('e:')).map(([key]) => key)).toEqual(['e:1']);
    expect(c.requests).toEqual([]);
    state.broken = false;
    await place.clock.advance(31_000);
    await place.agent.flush();
    expect(place.agent.consent).toBe('granted');
    expect(await store.epoch()).toBe(1);
    expect(c.received.flatMap(({ body }) => body.failures)).toHaveLength(1);
  });
});

describe('a page that slept through a withdrawal', () => {
  it('does not ask the failing host either', async () => {
    const c = await collector();
    const { agent, store } = makePlace([c.origin]);
    await agent.setConsent('granted', RECEIPT);
    expect(await agent.mayProbe()).toBe(true);
    await store.erase();
    expect(await agent.mayProbe()).toBe(false);
    expect(agent.consent).toBe('denied');
  });
});
