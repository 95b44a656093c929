/** The agent's own requests, told apart from the app's by async context, also between several copies of this package. */
import { AsyncLocalStorage } from 'node:async_hooks';

const KEY = Symbol.for('outcry.own-requests');
const shared = globalThis as unknown as Record<symbol, AsyncLocalStorage<true> | undefined>;
const own = (shared[KEY] ??= new AsyncLocalStorage<true>());

/** Runs `work` so that no agent of this process watches the requests it makes. */
export function asOwn<T>(work: () => T): T {
  return own.run(true, work);
}

/** Whether the running code was started by an agent. */
export function isOwn(): boolean {
  return own.getStore() === true;
}
