import { describe, expect, it, vi } from 'vitest';
import { makeMemoryStore } from '@outcry/core';
import { rememberReached } from '../../../sdk-browser/src/reached.js';

const settled = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 0));

function setUp(store = makeMemoryStore(), hosts = ['api.shop.example', 'img.shop.example']) {
  const state = { granted: true };
  const reached = rememberReached({ agent: { isGranted: () => state.granted }, hosts, platform: { store } });
  return { reached, store, state };
}

describe('the hosts that this browser has reached', () => {
  it('are remembered for the next page, by their places alone', async () => {
    const { reached, store } = setUp();
    reached.start(0);
    await settled();
    expect(reached.has('api.shop.example')).toBe(false);
    reached.add('api.shop.example');
    await settled();
    expect(await store.get('reached')).toEqual({ of: 2, at: [0] });
    const next = setUp(store).reached;
    next.start(0);
    await vi.waitFor(() => expect(next.has('api.shop.example')).toBe(true));
    expect(next.has('img.shop.example')).toBe(false);
  });

  it('are kept, of those reached before the store was read', async () => {
    const { reached, store } = setUp();
    reached.start(0);
    reached.add('img.shop.example');
    await settled();
    expect(await store.get('reached')).toEqual({ of: 2, at: [1] });
  });

  it('are kept beside those of another tab', async () => {
    const { reached, store } = setUp();
    reached.start(0);
    await settled();
    await store.write(0, [['reached', { of: 2, at: [1] }]]);
    reached.add('api.shop.example');
    await settled();
    expect(await store.get('reached')).toEqual({ of: 2, at: [0, 1] });
  });

  it('are forgotten with another list of hosts', async () => {
    const { reached, store } = setUp();
    reached.start(0);
    await settled();
    reached.add('img.shop.example');
    await settled();
    const other = setUp(store, ['old.shop.example', 'api.shop.example', 'img.shop.example']).reached;
    other.start(0);
    await settled();
    expect(other.has('api.shop.example')).toBe(false);
    expect(other.has('img.shop.example')).toBe(false);
  });

  it('are written by no tab after a withdrawal, known to it or not', async () => {
    for (const isKnown of [true, false]) {
      const { reached, store, state } = setUp();
      reached.start(0);
      await settled();
      if (isKnown) state.granted = false;
      else await store.erase();
      reached.add('api.shop.example');
      await settled();
      expect(await store.get('reached'), `known: ${isKnown}`).toBeUndefined();
    }
  });

  it('are not written by a tab that begins after a withdrawal which it has not heard of', async () => {
    const { reached, store } = setUp();
    await store.erase();
    reached.start(0);
    reached.add('api.shop.example');
    await settled();
    expect(await store.get('reached')).toBeUndefined();
  });

  it('are forgotten when the consent is gone', async () => {
    const { reached } = setUp();
    reached.start(0);
    await settled();
    reached.add('api.shop.example');
    reached.stop();
    expect(reached.has('api.shop.example')).toBe(false);
  });

  it('are known for as long as the page where the store refuses', async () => {
    const broken = { ...makeMemoryStore(), get: () => Promise.reject(new Error('refused')) };
    const { reached } = setUp(broken);
    reached.start(0);
    await settled();
    reached.add('api.shop.example');
    expect(reached.has('api.shop.example')).toBe(true);
  });
});
