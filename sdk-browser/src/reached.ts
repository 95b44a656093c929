/**
 * Which watched hosts this browser has ever reached, over page loads: what fails at once and never worked here may be forbidden by an
 * extension, which is no outage. One entry of the agent's own store: places in the app's list of hosts, no names and no times, for nothing
 * rests unsealed that tells of requests. A withdrawal erases it with the rest.
 */
import type { Agent, Platform } from '@outcry/core';

const KEY = 'reached';

export interface Reached {
  has(hostname: string): boolean;
  /** The host answered, be it an answer that the page may not read. */
  add(hostname: string): void;
  /**
   * Consent is given: remembers what was known.
   *
   * @param epoch - Of that consent: the store takes nothing under an older one than its own.
   */
  start(epoch: number): void;
  stop(): void;
}

export interface ReachedParts {
  readonly agent: Pick<Agent, 'isGranted'>;
  /** The app's list. Another number of them is another list, and what was known is forgotten. */
  readonly hosts: readonly string[];
  readonly platform: Pick<Platform, 'store'>;
}

interface Stored {
  readonly of: number;
  readonly at: readonly number[];
}

/** Nothing throws: where the store refuses, it is remembered for as long as the page. */
export function rememberReached({ agent, hosts, platform }: ReachedParts): Reached {
  const { store } = platform;
  const names = new Set<string>();
  let epoch: number | undefined;
  let starts = 0;

  const placesOf = (stored: unknown): readonly number[] => {
    const { of, at } = (stored ?? {}) as Partial<Stored>;
    return of === hosts.length && Array.isArray(at) ? (at as number[]) : [];
  };

  async function recall(of: number): Promise<void> {
    const mine = ++starts;
    const stored = placesOf(await store.get(KEY));
    if (mine !== starts) return;
    for (const place of stored) names.add(hosts[place] ?? '');
    epoch = of;
    if (names.size > stored.length) await keep();
  }
  async function keep(): Promise<void> {
    if (epoch === undefined || !agent.isGranted()) return;
    // Another tab may have added to it.
    await store.update(epoch, KEY, (old): Stored => {
      const before = placesOf(old);
      return { of: hosts.length, at: [...hosts.keys()].filter((place) => before.includes(place) || names.has(hosts[place] ?? '')) };
    });
  }

  return {
    has: (hostname) => names.has(hostname),
    add(hostname) {
      if (names.has(hostname)) return;
      names.add(hostname);
      keep().catch(() => undefined);
    },
    start(of) {
      recall(of).catch(() => undefined);
    },
    stop() {
      starts++;
      epoch = undefined;
      names.clear();
    },
  };
}
