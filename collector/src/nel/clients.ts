/**
 * Numbers that stand for the senders of NEL reports. Such a report is not signed, so all that tells two browsers apart is where they
 * are: every address prefix gets a random number for the UTC day, and different numbers are different clients, at least. The numbers
 * are not made from addresses; which prefix has which is known to this process alone and forgotten with the day. See ADR 0008.
 */
import { randomBytes } from 'node:crypto';
import { DAY_MS } from '@outcry/protocol';

export interface NelClients {
  /** The number of a prefix on the day of `nowMs`: 16 bits of this run of the collector, 48 random ones. Never 0. */
  numberOf(prefixKey: string, nowMs: number): bigint;
}

const RANDOM_BYTES = 6;

/**
 * @param capacity - prefixes numbered per day; those beyond share one number, so that the count stays at most the truth.
 * @param random - a parameter so that tests can repeat a run.
 */
export function nelClients(capacity: number, random: (bytes: number) => Buffer = randomBytes): NelClients {
  const run = BigInt(random(2).readUInt16BE()) << 48n;
  const fresh = (): bigint => run | BigInt(random(RANDOM_BYTES).readUIntBE(0, RANDOM_BYTES) || 1);
  let today = -1;
  let others = 0n;
  let numbers = new Map<string, bigint>();
  return {
    numberOf(prefixKey, nowMs) {
      const day = Math.floor(nowMs / DAY_MS);
      if (day !== today) {
        today = day;
        others = fresh();
        numbers = new Map();
      }
      let number = numbers.get(prefixKey);
      if (number !== undefined) return number;
      if (numbers.size >= capacity) return others;
      number = fresh();
      numbers.set(prefixKey, number);
      return number;
    },
  };
}
