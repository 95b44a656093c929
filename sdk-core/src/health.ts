/**
 * How well each collector can be reached from here, and so in which order they are asked. Kept in the store over pages and restarts,
 * a few numbers per collector, and gone with a withdrawal.
 */
import { LONGEST_WAIT_MS } from './backoff.js';
import type { Grant } from './grant.js';
import type { Steering } from './steering.js';

export const DEADLINE_MS = 30_000;
export const SLOW_MS = 2_000;
const GRUDGE_MS = 600_000;
/** A measured time counts half after this long, so that who was slow once is asked again some day. */
const HALF_LIFE_MS = 3_600_000;
const KEY = 'health';

export interface Health {
  /** Consecutive. */
  failures: number;
  failedAtMs: number;
  usualMs: number;
  measuredAtMs: number;
  /** It asked to be left alone until then. */
  notBeforeMs: number;
}

export interface Collector {
  readonly origin: string;
  readonly host: string;
  readonly health: Health;
}

export interface Ranking {
  /** What earlier pages learnt is loaded. */
  readonly ready: Promise<unknown>;
  /** Collectors that may be asked now, the best first. */
  order(): Collector[];
  /** How long until the first of them may be asked again, as their Retry-After says. */
  waitMs(): number;
  /** Keeps what was learnt. */
  save(): Promise<void>;
}

const isHealth = (value: unknown): value is Health =>
  typeof value === 'object' &&
  value !== null &&
  ['failures', 'failedAtMs', 'usualMs', 'measuredAtMs', 'notBeforeMs'].every((name) =>
    Number.isFinite((value as Record<string, unknown>)[name]),
  );

export function rankCollectors(grant: Grant, steering: Steering): Ranking {
  const { now, random, store } = grant.platform;
  const known = new Map<string, Collector>(
    grant.options.collectors.map((origin) => {
      // Unknown health starts at a random value, so that agents do not all begin with the same collector.
      const health: Health = { failures: 0, failedAtMs: 0, usualMs: random() * 300, measuredAtMs: now(), notBeforeMs: 0 };
      return [origin, { origin, host: new URL(origin).hostname, health }];
    }),
  );
  let saved = '';
  const used = (): Collector[] => steering.collectors().flatMap((origin) => known.get(origin) ?? []);

  async function load(): Promise<void> {
    const stored = ((await store.get(KEY)) ?? {}) as Record<string, unknown>;
    for (const { origin, health } of known.values()) {
      const before = Object.hasOwn(stored, origin) ? stored[origin] : undefined;
      if (isHealth(before)) Object.assign(health, before);
    }
  }

  /** How long it still asks to be left alone. More than it can have asked for means that the clock was set back. */
  const restMs = ({ health }: Collector): number => {
    const ms = health.notBeforeMs - now();
    return ms > LONGEST_WAIT_MS ? 0 : Math.max(0, ms);
  };
  /** A dictated order goes before speed, not before failures. */
  const badness = ({ health }: Collector, rank: number): number =>
    health.usualMs * 2 ** (-Math.abs(now() - health.measuredAtMs) / HALF_LIFE_MS) +
    (steering.isRanked() ? rank * SLOW_MS : 0) +
    (Math.abs(now() - health.failedAtMs) < GRUDGE_MS ? health.failures * DEADLINE_MS : 0);

  return {
    ready: load().catch(() => undefined),
    order: () =>
      used()
        .map((collector, rank) => [badness(collector, rank), collector] as const)
        .filter(([, collector]) => restMs(collector) === 0)
        .sort(([a], [b]) => a - b)
        .map(([, collector]) => collector),
    waitMs: () => Math.min(...used().map(restMs)),
    async save() {
      const health = Object.fromEntries([...known].map(([origin, each]) => [origin, { ...each.health }]));
      const text = JSON.stringify(health);
      if (text === saved) return;
      if (await grant.save([[KEY, health]]).catch(() => false)) saved = text;
    },
  };
}
