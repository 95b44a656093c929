/**
 * How a failing client stands among those of its address prefix. Keys cost nothing, addresses do: whoever has three prefixes and a million
 * keys is `first` three times an hour and `few` nine times in ten minutes, and `many` for the rest. The analyzer counts accordingly.
 *
 * Held per prefix, project and host in memory only, under the keyed hash that the limits of senders use; what leaves is one of three words. A
 * slot is a lease from the moment that it was taken, not a turn of the clock, so that no moment is better than another to send at.
 * Source: ADR 0009.
 */
import type { Crowd } from '@outcry/storage';
import type { Sender } from '../network/sender.js';
import { recent } from './token-bucket.js';

/** For so long after one `first` there is no other of the same prefix and project. */
export const FIRST_MS = 3_600_000;
/** Clients of a prefix that count at a host within `FEW_MS`. */
export const FEW = 3;
export const FEW_MS = 600_000;
/** Hosts at which clients of one prefix fail, on average, when all prefixes are remembered. */
const HOSTS_PER_PREFIX = 2;

/**
 * Ranks the signer of one upload, once its signature is known to be good.
 *
 * @param hosts - hosts of its failures; without any it has no place and takes none.
 * @returns `first`, or the lowest place that it has at any of its hosts, so that no host sees more than its share; '' for private addresses.
 */
export type CrowdOf = (
  sender: Pick<Sender, 'prefixKey' | 'isPrivate'>,
  project: string,
  hosts: readonly string[],
  signer: bigint,
  nowMs: number,
) => Crowd | Promise<Crowd>;

/** The places of a prefix at one host: who holds them, and since when. */
interface Places {
  readonly holders: bigint[];
  readonly sinceMs: number[];
}

/** A clock that went back ends every lease. */
const isOver = (sinceMs: number, leaseMs: number, nowMs: number): boolean => nowMs < sinceMs || nowMs - sinceMs >= leaseMs;

function slotOf({ holders, sinceMs }: Places, signer: bigint, nowMs: number): number {
  let free = -1;
  for (let slot = 0; slot < FEW; slot += 1) {
    const isFree = isOver(sinceMs[slot] ?? -Infinity, FEW_MS, nowMs);
    if (!isFree && holders[slot] === signer) return slot;
    if (isFree && free < 0) free = slot;
  }
  return free;
}

function hold({ holders, sinceMs }: Places, slot: number, signer: bigint, nowMs: number): void {
  if (slot < 0 || (holders[slot] === signer && !isOver(sinceMs[slot] ?? -Infinity, FEW_MS, nowMs))) return;
  holders[slot] = signer;
  sinceMs[slot] = nowMs;
}

/** @param capacity - prefixes times projects remembered, and twice as many times hosts; those unused for longest begin anew. */
export function crowds(capacity: number): (...upload: Parameters<CrowdOf>) => Crowd {
  const firsts = recent<string, { sinceMs: number }>(capacity, () => ({ sinceMs: -Infinity }));
  const fews = recent<string, Places>(capacity * HOSTS_PER_PREFIX, () => ({ holders: [], sinceMs: [] }));
  return ({ prefixKey, isPrivate }, project, hosts, signer, nowMs) => {
    if (isPrivate || hosts.length === 0) return '';
    const first = firsts.of(`${prefixKey} ${project}`);
    const own = hosts.map((host) => fews.of(`${prefixKey} ${project} ${host}`));
    const slots = own.map((places) => slotOf(places, signer, nowMs));
    const isFirst = isOver(first.sinceMs, FIRST_MS, nowMs);
    // Only what it gets is taken: one that is too late at one host leaves the others' places free.
    if (!isFirst && slots.includes(-1)) return 'many';
    if (isFirst) first.sinceMs = nowMs;
    own.forEach((places, index) => hold(places, slots[index] ?? -1, signer, nowMs));
    return isFirst ? 'first' : 'few';
  };
}
