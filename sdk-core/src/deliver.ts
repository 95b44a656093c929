/**
 * Rounds of delivery. Live reports (sealed within the last two minutes) wait a random 0 to 5 s; a backlog goes in rounds of its
 * own, spread over a minute each and one UTC day of sealing at a time, so that neither time nor neighbours tie days together.
 * A round in which no collector took anything backs off with full jitter; a network that came back ends the backing off.
 */
import { DAY_MS } from '@outcry/protocol';
import { backoffMs } from './backoff.js';
import type { Grant } from './grant.js';
import { isFree } from './queue.js';
import type { Entry, Queue } from './queue.js';
import { makeSender } from './send.js';
import type { Sent } from './send.js';
import type { FlushResult } from './types.js';

const LIVE_MS = 120_000;
const ROUND_SIZE = 20;
const SPREAD = 12;
const CLOSING_MS = 5_000;
/** The least wait after a round that could send nothing, such as when another sender holds every lease. */
const IDLE_MS = 5_000;

export interface Delivery {
  /** Something was sealed: a round soon, unless backing off. */
  soon(): void;
  /** The network came back: a round soon, whatever failed before. */
  wake(): void;
  /** Tries every entry once, now. */
  flush(closing: boolean): Promise<FlushResult>;
}

interface Parts {
  readonly onDelivered: (key: string, entry: Entry, sent: Sent) => void;
  /** Seals what the deliveries of a round taught; true when that made an envelope. */
  readonly sealRecords: () => Promise<boolean>;
}

export function makeDelivery(grant: Grant, queue: Queue, { onDelivered, sealRecords }: Parts): Delivery {
  const { platform } = grant;
  const { now, random } = platform;
  const liveDelayMs = platform.liveDelayMs ?? 5_000;
  const sender = makeSender(grant);
  let failures = 0;
  let dueAtMs = Infinity;
  let cancel: () => void = () => undefined;
  let turn: Promise<unknown> = Promise.resolve();

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

  /** Sends entries until one is kept. */
  async function sendAll(
    entries: [string, Entry][],
    closing: boolean,
    signal: AbortSignal,
  ): Promise<Omit<FlushResult, 'kept'> & Pick<Sent, 'result'>> {
    let delivered = 0;
    let dropped = 0;
    let result: Sent['result'] = 'delivered';
    for (const [key, entry] of entries) {
      if (!grant.live() || signal.aborted) break;
      if (!(await queue.lease(key))) continue;
      const sent = await sender.send(entry.bytes, { closing, signal });
      result = sent.result;
      if (result === 'kept' || result === 'over_budget') {
        const failed = [...new Set([...entry.failed, ...sent.failed])].slice(0, 8);
        await queue.release(key, { tries: entry.tries + 1, failed });
        break;
      }
      await queue.remove(key);
      if (result === 'delivered') {
        delivered++;
        onDelivered(key, entry, sent);
      } else {
        dropped++;
        grant.lose('rejected', entry.reports || 1);
      }
    }
    return { delivered, dropped, result };
  }

  const isWaiting = ([, entry]: [string, Entry]): boolean => isFree(entry, now());
  const free = async (): Promise<[string, Entry][]> => (await queue.list()).filter(isWaiting);

  /** What a round teaches goes out at once, over the way that just worked. */
  async function sendRecords(closing: boolean, signal: AbortSignal): Promise<void> {
    if (await sealRecords()) await sendAll((await free()).slice(-1), closing, signal);
  }

  async function round(backlogToo: boolean): Promise<void> {
    const rest = await platform
      .withSenderLock(async (signal) => {
        const all = await queue.list();
        const entries = all.filter(isWaiting);
        const live = entries.filter(([, entry]) => entry.sealedAtMs > now() - LIVE_MS);
        const day = ([, entry]: [string, Entry]): number => Math.floor(entry.sealedAtMs / DAY_MS);
        const first = entries[0];
        const batch = live.length > 0 ? live : first && backlogToo ? entries.filter((entry) => day(entry) === day(first)) : [];
        const chosen = batch.slice(0, ROUND_SIZE);
        const { delivered, dropped, result } = await sendAll(chosen, false, signal);
        if (delivered > 0) await sendRecords(false, signal);
        if (result === 'delivered' || result === 'rejected') failures = 0;
        else if (sender.waitMs() === 0 && result === 'kept') failures++;
        const done = delivered + dropped;
        return { left: all.length - done, done, result };
      })
      .catch(() => {
        // The store failed in the middle of it: later again.
        failures++;
        return { left: 1, done: 0, result: 'kept' as const };
      });
    if (!rest) schedule(random() * 6 * liveDelayMs, backlogToo);
    else if (rest.result === 'over_budget') schedule(DAY_MS - (now() % DAY_MS) + random() * SPREAD * liveDelayMs, true);
    else if (failures > 0) schedule(Math.max(backoffMs(failures, { random }), sender.waitMs()), true);
    else if (rest.left > 0) schedule(Math.max(sender.waitMs(), rest.done ? 0 : IDLE_MS) + random() * SPREAD * liveDelayMs, true);
  }

  return {
    soon() {
      if (failures === 0) schedule(random() * liveDelayMs, false);
    },
    wake() {
      failures = 0;
      schedule(random() * liveDelayMs, false);
    },
    flush: (closing) =>
      inTurn(async () => {
        const sent = await platform.withSenderLock(async (signal) => {
          const stop = new AbortController();
          const giveUp = (): void => stop.abort();
          signal.addEventListener('abort', giveUp);
          const cancelLimit = closing ? (platform.networkTimer ?? platform.setTimer)(giveUp, CLOSING_MS) : undefined;
          try {
            const done = await sendAll(await free(), closing, stop.signal);
            if (done.delivered > 0) await sendRecords(closing, stop.signal);
            if (done.result === 'delivered') failures = 0;
            return done;
          } finally {
            cancelLimit?.();
            signal.removeEventListener('abort', giveUp);
          }
        });
        return { delivered: sent?.delivered ?? 0, dropped: sent?.dropped ?? 0, kept: grant.live() ? (await queue.list()).length : 0 };
      }),
  };
}
