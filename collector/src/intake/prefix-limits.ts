/**
 * How much one address prefix may send: a token bucket, and a cap on signer keys that it has not shown in this hour. Held in
 * memory only, keyed by a hash; the prefixes unused for longest are forgotten first.
 */
export interface PrefixLimitOptions {
  /** Uploads per second and prefix that are let through for ever. */
  readonly uploadsPerSecond: number;
  /** Uploads that a prefix may send at once. */
  readonly uploadBurst: number;
  /** Signer keys per prefix and hour, at most 4,096. */
  readonly signersPerHour: number;
  /** Prefixes remembered. */
  readonly prefixes: number;
}

interface Entry {
  tokens: number;
  refilledAtMs: number;
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

function isSeen({ few, many }: Entry, bit: number): boolean {
  return many === undefined ? few.includes(bit) : ((many[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0;
}

function bitmapOf(bits: readonly number[]): Uint8Array {
  const bitmap = new Uint8Array(MANY_BYTES);
  for (const bit of bits) bitmap[bit >> 3] = (bitmap[bit >> 3] ?? 0) | (1 << (bit & 7));
  return bitmap;
}

export interface PrefixLimits {
  /**
   * Takes one upload from the prefix's allowance.
   *
   * @param signer - the signer key of the header, 32 bytes, not yet verified.
   * @returns 0 when it may go on, else the seconds to wait, 1 or more.
   */
  take(prefixKey: string, signer: Uint8Array, nowMs: number): number;
  readonly size: () => number;
}

export function prefixLimits(options: PrefixLimitOptions): PrefixLimits {
  const entries = new Map<string, Entry>();

  const entryOf = (prefixKey: string, nowMs: number): Entry => {
    let entry = entries.get(prefixKey);
    if (entry === undefined) {
      entry = { tokens: options.uploadBurst, refilledAtMs: nowMs, hour: -1, signers: 0, few: [], many: undefined };
      if (entries.size >= options.prefixes) {
        const oldest = entries.keys().next();
        if (oldest.done !== true) entries.delete(oldest.value);
      }
    } else entries.delete(prefixKey);
    entries.set(prefixKey, entry);
    return entry;
  };

  const isNewSigner = (entry: Entry, signer: Uint8Array, nowMs: number): boolean => {
    const hour = Math.floor(nowMs / HOUR_MS);
    if (entry.hour !== hour) Object.assign(entry, { hour, signers: 0, few: [], many: undefined });
    // A public key is as good as random, so 13 of its bits are a hash of it.
    const bit = ((signer[8] ?? 0) | ((signer[9] ?? 0) << 8)) & (MANY_BYTES * 8 - 1);
    if (isSeen(entry, bit)) return false;
    if (entry.signers >= options.signersPerHour) return true;
    entry.signers += 1;
    if (entry.many === undefined && entry.few.length < FEW) entry.few.push(bit);
    else {
      entry.many ??= bitmapOf(entry.few);
      entry.many[bit >> 3] = (entry.many[bit >> 3] ?? 0) | (1 << (bit & 7));
    }
    return false;
  };

  return {
    take(prefixKey, signer, nowMs) {
      const entry = entryOf(prefixKey, nowMs);
      const elapsedS = Math.max(0, nowMs - entry.refilledAtMs) / 1000;
      entry.tokens = Math.min(options.uploadBurst, entry.tokens + elapsedS * options.uploadsPerSecond);
      entry.refilledAtMs = nowMs;
      if (entry.tokens < 1) return Math.max(1, Math.ceil((1 - entry.tokens) / options.uploadsPerSecond));
      entry.tokens -= 1;
      if (isNewSigner(entry, signer, nowMs)) return Math.max(1, Math.ceil((HOUR_MS - (nowMs % HOUR_MS)) / 1000));
      return 0;
    },
    size: () => entries.size,
  };
}
