/**
 * How much one sender may send: a token bucket for its address prefix and one for its network (autonomous system), and a cap on signer
 * keys that its prefix has not shown in this hour. A key counts once it has signed something: bytes that only look like keys would else
 * use up the places of its neighbours. Prefixes are cheap to a hosting company, systems are not. All of it is in memory only, and
 * prefixes are keyed by a hash.
 */
import type { Sender } from '../network/sender.js';
import { recent, refill, type Rate, type TokenBucket } from './token-bucket.js';

export interface SenderLimitOptions {
  /** Uploads per second and prefix that are let through for ever. */
  readonly uploadsPerSecond: number;
  /** Uploads that a prefix may send at once. */
  readonly uploadBurst: number;
  /** Uploads per second and network that are let through for ever. */
  readonly networkUploadsPerSecond: number;
  /** Uploads that a network may send at once. */
  readonly networkUploadBurst: number;
  /** Signer keys per prefix and hour that signed something, at most 4,096. */
  readonly signersPerHour: number;
  /** Prefixes remembered, and networks. */
  readonly prefixes: number;
}

interface PrefixEntry extends TokenBucket {
  hour: number;
  signers: number;
  /** The hour's first signers, hashed. Most prefixes show only a few. */
  few: number[];
  /** One bit per hashed signer, once they are many. Two signers on one bit count as one: the error is on the generous side. */
  many: Uint8Array | undefined;
}

const HOUR_MS = 3_600_000;
const FEW = 16;
const MANY_BYTES = 1024;

/** A public key is as good as random, so 13 of its bits are a hash of it. */
const bitOf = (signer: Uint8Array): number => ((signer[8] ?? 0) | ((signer[9] ?? 0) << 8)) & (MANY_BYTES * 8 - 1);

function isSeen({ few, many }: PrefixEntry, bit: number): boolean {
  return many === undefined ? few.includes(bit) : ((many[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0;
}

function bitmapOf(bits: readonly number[]): Uint8Array {
  const bitmap = new Uint8Array(MANY_BYTES);
  for (const bit of bits) bitmap[bit >> 3] = (bitmap[bit >> 3] ?? 0) | (1 << (bit & 7));
  return bitmap;
}

export interface SenderLimits {
  /**
   * Takes one upload from the allowances of its prefix and its network. What its prefix is refused costs its network nothing.
   *
   * @param signer - the signer key of the header, 32 bytes, not yet verified and not counted here; undefined for uploads that nobody signs.
   * @returns 0 when it may go on, else the seconds to wait, 1 or more.
   */
  take(sender: Pick<Sender, 'prefixKey' | 'systemNumber'>, signer: Uint8Array | undefined, nowMs: number): number;
  /** Counts a signer key among those of its prefix and hour. Called once its signature was found right. */
  countSigner(sender: Pick<Sender, 'prefixKey'>, signer: Uint8Array, nowMs: number): void;
  /** Prefixes remembered. */
  readonly size: () => number;
}

export function senderLimits(options: SenderLimitOptions): SenderLimits {
  const { signersPerHour, prefixes: capacity } = options;
  const prefixRate: Rate = { perSecond: options.uploadsPerSecond, burst: options.uploadBurst };
  const networkRate: Rate = { perSecond: options.networkUploadsPerSecond, burst: options.networkUploadBurst };
  const prefixes = recent<string, PrefixEntry>(capacity, () => ({
    tokens: prefixRate.burst,
    refilledAtMs: 0,
    hour: -1,
    signers: 0,
    few: [],
    many: undefined,
  }));
  const networks = recent<number, TokenBucket>(capacity, () => ({ tokens: networkRate.burst, refilledAtMs: 0 }));

  const atHour = (prefixKey: string, nowMs: number): PrefixEntry => {
    const entry = prefixes.of(prefixKey);
    const hour = Math.floor(nowMs / HOUR_MS);
    if (entry.hour !== hour) Object.assign(entry, { hour, signers: 0, few: [], many: undefined });
    return entry;
  };

  return {
    take({ prefixKey, systemNumber }, signer, nowMs) {
      const prefix = atHour(prefixKey, nowMs);
      const waitS = refill(prefix, prefixRate, nowMs);
      if (waitS > 0) return waitS;
      prefix.tokens -= 1;
      if (signer !== undefined && prefix.signers >= signersPerHour && !isSeen(prefix, bitOf(signer)))
        return Math.max(1, Math.ceil((HOUR_MS - (nowMs % HOUR_MS)) / 1000));
      // Private and unannounced addresses belong to no system; they are few, and their prefixes bound them.
      if (systemNumber === 0) return 0;
      const network = networks.of(systemNumber);
      const networkWaitS = refill(network, networkRate, nowMs);
      if (networkWaitS === 0) network.tokens -= 1;
      return networkWaitS;
    },
    countSigner({ prefixKey }, signer, nowMs) {
      const prefix = atHour(prefixKey, nowMs);
      const bit = bitOf(signer);
      if (isSeen(prefix, bit)) return;
      prefix.signers += 1;
      if (prefix.many === undefined && prefix.few.length < FEW) prefix.few.push(bit);
      else {
        prefix.many ??= bitmapOf(prefix.few);
        prefix.many[bit >> 3] = (prefix.many[bit >> 3] ?? 0) | (1 << (bit & 7));
      }
    },
    size: prefixes.size,
  };
}
