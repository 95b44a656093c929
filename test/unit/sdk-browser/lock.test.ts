import { describe, expect, it } from 'vitest';
import { makeMemoryStore } from '@outcry/core';
import type { Store } from '@outcry/core';
import { makeSenderLock } from '../../../sdk-browser/src/lock.js';

const pause = (ms = 5): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function makeTab(store: Store, me: number, clock = { ms: 1_000_000 }, locks?: LockManager) {
  const leavers = new Set<() => void>();
  const timers: (() => void)[] = [];
  const withLock = makeSenderLock({
    locks,
    name: 'outcry',
    store,
    now: () => clock.ms,
    random: () => me,
    setTimer: (run) => {
      timers.push(run);
      return () => undefined;
    },
    onLeave: (run) => {
      leavers.add(run);
      return () => leavers.delete(run);
    },
  });
  return { withLock, leavers, timers, clock };
}

describe('the lease that stands in for web locks', () => {
  it('lets one tab send at a time', async () => {
    const store = makeMemoryStore();
    const [first, second] = [makeTab(store, 0.1), makeTab(store, 0.2)];
    let free = (): void => undefined;
    const working = first.withLock(() => new Promise<string>((resolve) => (free = () => resolve('sent'))));
    await pause();
    expect(await second.withLock(() => Promise.resolve('sent'))).toBeUndefined();
    free();
    expect(await working).toBe('sent');
    expect(await second.withLock(() => Promise.resolve('sent'))).toBe('sent');
    expect(await store.get('lease')).toBeUndefined();
  });

  it('is given up when the page is left, though its work never ends', async () => {
    const store = makeMemoryStore();
    const tab = makeTab(store, 0.1);
    let aborted = false;
    const working = tab.withLock((signal) => {
      signal.addEventListener('abort', () => (aborted = true));
      return new Promise<string>(() => undefined);
    });
    await pause();
    for (const run of tab.leavers) run();
    expect(await working).toBeUndefined();
    expect(aborted).toBe(true);
    expect(await store.get('lease')).toBeUndefined();
    expect(tab.leavers.size).toBe(0);
  });

  it('runs out after 30 s, so that a tab that was ended does not block the others', async () => {
    const store = makeMemoryStore();
    const dead = makeTab(store, 0.1);
    void dead.withLock(() => new Promise<string>(() => undefined));
    await pause();
    const clock = { ms: 1_029_000 };
    const other = makeTab(store, 0.2, clock);
    expect(await other.withLock(() => Promise.resolve('sent'))).toBeUndefined();
    clock.ms = 1_030_001;
    expect(await other.withLock(() => Promise.resolve('sent'))).toBe('sent');
  });

  it('is taken where the page may not have web locks, as in a sandboxed frame', async () => {
    const refusing = { request: () => Promise.reject(new DOMException('no', 'SecurityError')) } as unknown as LockManager;
    const tab = makeTab(makeMemoryStore(), 0.1, undefined, refusing);
    expect(await tab.withLock(() => Promise.resolve('sent'))).toBe('sent');
    expect(await tab.withLock(() => Promise.resolve('again'))).toBe('again');
  });

  it('of a clock that was set back does not count', async () => {
    const store = makeMemoryStore();
    await store.update(0, 'lease', () => ({ by: 0.9, until: 9e12 }));
    expect(await makeTab(store, 0.2).withLock(() => Promise.resolve('sent'))).toBe('sent');
  });
});
