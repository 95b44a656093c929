/**
 * Rounds of delivery. Live reports (sealed within the last two minutes) wait a random 0 to 5 s. A backlog asks with one envelope
 * whether the way is open; the rest of it begins at a random time that grows with its age and is kept over pages, then goes in rounds
 * of its own, spread over half a minute each and one UTC day of sealing at a time, so that neither time nor neighbours tie days together.
 * A round in which no collector took anything backs off with full jitter; a network that came back ends the backing off.
 */
import { DAY_MS } from '@outcry/protocol';
import { backoffMs } from './backoff.js';
import type { Budget } from './budget.js';
import type { Entry } from './entry.js';
import type { Grant } from './grant.js';
import { rankCollectors } from './health.js';
import { isFree } from './leased.js';
import type { Queue } from './queue.js';
import { makeSender } from './send.js';
import type { Sent } from './send.js';
import { BACKLOG_SPREAD, PROBE_SPREAD, RECOVERY_SPREAD, spreadMs } from './spread.js';
import type { Steering } from './steering.js';
import type { FlushResult } from './types.js';

const LIVE_MS = 120_000;
const LIVE_ROUND = 20;
/** Of a backlog few at a time: what hundreds of agents send in the same seconds is their number times this. */
const BACKLOG_ROUND = 5;
const SPREAD = 6;
const CLOSING_MS = 5_000;
/** The least wait after a round that could send nothing, such as when another sender holds every lease. */
const IDLE_MS = 5_000;
/** How often a paused agent looks whether it still is. */
const PAUSED_MS = 600_000;
/** Who waits for the next day comes within this time of it. */
const MORNING_MS = 3_600_000;
const BACKLOG_KEY = 'backlog';
/** Consecutive failed rounds; about a minute. */
const STUCK_AFTER = 6;

export interface Delivery {
  /** Something was sealed: a round soon, unless backing off. */
  soon(): void;
  /** The network came back: a round soon, whatever failed before. */
  wake(): void;
  /** A watched host answers again. The collectors may, too, and every agent sees it now. */
  recovered(): void;
  /** This page sealed it and has not tried it yet. */
  hold(key: string, entry: Entry): void;
  /** The page is being closed: what nobody has tried yet goes out at once, as far as `keepalive` has room. It stays queued until a page learns of its arrival. */
  part(): void;
  /** Tries every entry once, now, or only the live ones: a backlog goes in its own rounds. */
  flush(closing: boolean, which?: 'all' | 'live'): Promise<FlushResult>;
  /** Nothing has been taken for so long that it may last. */
  isStuck(): boolean;
}

interface Parts {
  readonly queue: Queue;
  readonly steering: Steering;
  readonly budget: Budget;
  readonly onDelivered: (key: string, entry: Entry, sent: Sent) => void;
  /** Seals what the deliveries of a round taught; true when that made an envelope. */
  readonly sealRecords: () => Promise<boolean>;
}

type Item = [string, Entry];
type Done = Omit<FlushResult, 'kept'> & Pick<Sent, 'result'>;

export function makeDelivery(grant: Grant, { queue, steering, budget, onDelivered, sealRecords }: Parts): Delivery {
  const { platform, options } = grant;
  const { now, random, store } = platform;
  const liveDelayMs = platform.liveDelayMs ?? 5_000;
  const ranking = rankCollectors(grant, steering);
  const sender = makeSender(grant, ranking, budget);
  const fresh = new Map<string, Entry>();
  let failures = 0;
  let failingSinceMs = 0;
  /** When the backlog may begin; 0 as long as nobody knows whether the way is open. */
  let backlogAtMs = 0;
  let dueAtMs = Infinity;
  let cancel: () => void = () => undefined;
  let turn: Promise<unknown> = steering.ready
    .then(() => store.get(BACKLOG_KEY).then((stored) => (backlogAtMs = Number.isFinite(stored) ? (stored as number) : 0)))
    .catch(() => undefined);

  /** The earlier of two dates stands, unless it has passed: then the device slept, and its timer is late by as much. */
  function schedule(ms: number, backlogToo: boolean): void {
    const atMs = now() + ms;
    if (atMs >= dueAtMs && dueAtMs > now()) return;
    cancel();
    dueAtMs = atMs;
    cancel = grant.after(ms, () => {
      dueAtMs = Infinity;
      return inTurn(() => round(backlogToo));
    });
  }

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = turn.then(work);
    turn = mine.catch(() => undefined);
    return mine;
  }

  async function setBacklogAt(ms: number): Promise<void> {
    if (ms === backlogAtMs) return;
    backlogAtMs = ms;
    await grant.save(ms ? [[BACKLOG_KEY, ms]] : [], ms ? [] : [BACKLOG_KEY]).catch(() => false);
  }

  /** Sends entries until one is kept. */
  async function sendAll(entries: Item[], closing: boolean, signal: AbortSignal, alone: boolean): Promise<Done> {
    let delivered = 0;
    let dropped = 0;
    let result: Sent['result'] = 'delivered';
    for (const [key, entry] of entries) {
      if (!grant.live() || signal.aborted) break;
      if (!platform.online()) {
        result = 'kept';
        break;
      }
      fresh.delete(key);
      if (entry.bytes.length > options.maxBytesPerDay) {
        // No day will ever have room for it.
        await queue.drop(key, entry, 'byte_budget');
        dropped++;
        continue;
      }
      if (!(await queue.lease(key, alone))) continue;
      const sent = await sender.send(entry.bytes, { closing, signal });
      result = sent.result;
      if (result === 'kept' || result === 'over_budget') {
        const failed = [...new Set([...entry.failed, ...sent.failed])].slice(0, 8);
        await queue.release(key, { tries: entry.tries + 1, failed });
        break;
      }
      if (result === 'delivered') {
        await queue.remove(key);
        delivered++;
        onDelivered(key, entry, sent);
      } else {
        await queue.drop(key, entry, 'rejected');
        dropped++;
      }
    }
    if (delivered + dropped > 0) failures = 0;
    return { delivered, dropped, result };
  }

  const isLive = ([, { sealedAtMs }]: Item): boolean => sealedAtMs > now() - LIVE_MS;
  const dayOf = ([, { sealedAtMs }]: Item): number => Math.floor(sealedAtMs / DAY_MS);
  /** What is there, as far as the store can tell. */
  const still = (): Promise<Item[]> => queue.list().catch(() => []);
  const free = async (alone: boolean): Promise<Item[]> => (await queue.list()).filter(([, entry]) => alone || isFree(entry, now()));

  /** What a round teaches goes out at once, over the way that just worked. */
  async function sendRecords(closing: boolean, signal: AbortSignal, alone: boolean): Promise<void> {
    if (await sealRecords()) await sendAll((await free(alone).catch(() => [])).slice(-1), closing, signal, alone);
  }

  function chosen(entries: Item[], backlogToo: boolean): Item[] {
    const live = entries.filter(isLive);
    if (live.length > 0) return live.slice(0, LIVE_ROUND);
    const [first] = entries;
    if (!first || !backlogToo) return [];
    // A date beyond every spread was set by a clock that has been set back.
    const isOpen = backlogAtMs > 0 && (backlogAtMs <= now() || backlogAtMs > now() + BACKLOG_SPREAD.mostMs);
    if (isOpen) return entries.filter((entry) => dayOf(entry) === dayOf(first)).slice(0, BACKLOG_ROUND);
    return backlogAtMs > 0 ? [] : [first];
  }

  /** Waits for the backlog that is left, or forgets its date. */
  async function planBacklog({ delivered, result }: Done, left: Item[]): Promise<void> {
    const oldest = left.find((entry) => !isLive(entry));
    if (!oldest || result === 'kept') return setBacklogAt(0);
    if (backlogAtMs === 0 && delivered > 0)
      await setBacklogAt(Math.ceil(now() + spreadMs(now() - oldest[1].sealedAtMs, BACKLOG_SPREAD, random)));
  }

  async function round(backlogToo: boolean): Promise<void> {
    if (steering.isPaused()) {
      schedule(PAUSED_MS * (0.5 + random()), backlogToo);
      return;
    }
    const rest = await platform
      .withSenderLock(async (signal, alone = false) => {
        // What yesterday's budget cost is told before it can cost the same again.
        if (budget.hasNewDay()) await sendRecords(false, signal, alone);
        const done = await sendAll(chosen(await free(alone), backlogToo), false, signal, alone);
        if (done.delivered > 0) await sendRecords(false, signal, alone);
        if (done.result === 'kept' && ranking.waitMs() === 0) failures++;
        const left = await still();
        await planBacklog(done, left);
        await ranking.save();
        return { ...done, left: left.length };
      })
      .catch(() => {
        // The store failed in the middle of it: later again.
        failures++;
        return { left: 1, delivered: 0, dropped: 0, result: 'kept' as const };
      });
    if (rest?.result === 'kept' && rest.left > 0) platform.onKept?.();
    if (failures === 0) failingSinceMs = 0;
    else failingSinceMs ||= now();
    // Nobody comes back at the very moment that all were told.
    const waitMs = ranking.waitMs() * (1 + random() / 2);
    if (!rest) schedule(random() * 6 * liveDelayMs, backlogToo);
    else if (rest.result === 'over_budget') schedule(DAY_MS - (now() % DAY_MS) + random() * MORNING_MS, true);
    else if (failures > 0) schedule(Math.max(backoffMs(failures, { random }), waitMs), true);
    else if (rest.left > 0) {
      const idleMs = rest.delivered + rest.dropped > 0 ? 0 : IDLE_MS;
      schedule(Math.max(waitMs, idleMs, Math.min(backlogAtMs - now(), BACKLOG_SPREAD.mostMs)) + random() * SPREAD * liveDelayMs, true);
    }
  }

  return {
    soon() {
      if (failures === 0) schedule(random() * liveDelayMs, false);
    },
    wake() {
      const ms =
        failures > 0 ? spreadMs(now() - failingSinceMs, { ...PROBE_SPREAD, leastMs: liveDelayMs }, random) : random() * liveDelayMs;
      failures = 0;
      schedule(ms, true);
    },
    recovered() {
      if (failures > 0) schedule(spreadMs(now() - failingSinceMs, { ...RECOVERY_SPREAD, leastMs: liveDelayMs }, random), true);
      else schedule(random() * liveDelayMs, false);
    },
    hold(key, entry) {
      fresh.set(key, entry);
      // What waits longer than it is live is the queue's alone.
      for (const each of fresh) if (!isLive(each)) fresh.delete(each[0]);
    },
    part() {
      for (const [key, entry] of fresh) {
        const asked = steering.isPaused() ? undefined : sender.part(entry.bytes);
        if (!asked) return;
        fresh.delete(key);
        // Heard only by a page that comes back.
        void asked
          .then(async (sent) => {
            if (sent.result !== 'delivered' || !grant.live()) return;
            await queue.remove(key);
            onDelivered(key, entry, sent);
          })
          .catch(() => undefined);
      }
    },
    flush: (closing, which = 'all') =>
      inTurn(async () => {
        const sent = steering.isPaused()
          ? undefined
          : await platform.withSenderLock(async (signal, alone = false) => {
              const stop = new AbortController();
              const giveUp = (): void => stop.abort();
              signal.addEventListener('abort', giveUp);
              const cancelLimit = closing ? (platform.networkTimer ?? platform.setTimer)(giveUp, CLOSING_MS) : undefined;
              try {
                const waiting = await free(alone);
                const done = await sendAll(which === 'live' ? waiting.filter(isLive) : waiting, closing, stop.signal, alone);
                if (done.delivered > 0) await sendRecords(closing, stop.signal, alone);
                return done;
              } finally {
                await ranking.save();
                cancelLimit?.();
                signal.removeEventListener('abort', giveUp);
              }
            });
        return { delivered: sent?.delivered ?? 0, dropped: sent?.dropped ?? 0, kept: grant.live() ? (await still()).length : 0 };
      }),
    isStuck: () => failures > STUCK_AFTER,
  };
}
