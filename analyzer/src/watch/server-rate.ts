/**
 * How many requests the servers of one host count, all together: what their series counted in a stretch, over the time in which any of them counted.
 *
 * Series of several servers and sources are sampled at different moments and learnt at different delays. So each second is counted once,
 * however many series tell of it, and whoever has not told of the last moments yet is taken to go on as it did: without that, the last minute would
 * lack all whose sample is still to come.
 */

/** Width of a bin, s. Which of its seconds are known is one bit each. */
export const REQUESTS_S = 30;
/** All seconds of a bin. */
const ALL = 2 ** REQUESTS_S - 1;
/** Nothing older is kept, s. */
export const KEPT_S = 27 * 3_600;
/** How long after its last sample a series is waited for. */
const WAITED_S = 120;

interface Bin {
  requests: number;
  seconds: number;
}
interface Told {
  readonly untilS: number;
  readonly perSecond: number;
}

export class ServerRate {
  readonly #bins = new Map<number, Bin>();
  readonly #told = new Map<string, Told>();
  #untilS = -Infinity;

  get isEmpty(): boolean {
    return this.#bins.size === 0;
  }

  /** Adds what a series counted in the `seconds` before `atS`, evenly. What is no time, or no count, is left out. */
  add(series: string, atS: number, seconds: number, requests: number): void {
    if (!(seconds > 0 && requests >= 0 && Number.isFinite(requests + atS - seconds))) return;
    const fromS = atS - seconds;
    for (let bin = Math.floor(Math.max(fromS, atS - KEPT_S) / REQUESTS_S); bin * REQUESTS_S < atS; bin++) {
      const startS = bin * REQUESTS_S;
      const known = this.#bins.get(bin) ?? { requests: 0, seconds: 0 };
      this.#bins.set(bin, known);
      known.requests += requests * (overlap(fromS, atS, startS, startS + REQUESTS_S) / seconds);
      for (let s = Math.max(0, Math.round(fromS - startS)); s < Math.min(REQUESTS_S, Math.round(atS - startS)); s++)
        known.seconds |= 1 << s;
    }
    if (atS > (this.#told.get(series)?.untilS ?? -Infinity)) this.#told.set(series, { untilS: atS, perSecond: requests / seconds });
    this.#untilS = Math.max(this.#untilS, atS);
  }

  /** Requests a second in `count` bins from `first` on; undefined where nothing was counted. */
  perSecond(first: number, count: number): number | undefined {
    let requests = 0;
    let seconds = 0;
    for (let bin = first; bin < first + count; bin++) {
      const known = this.#bins.get(bin);
      if (known === undefined) continue;
      requests += known.requests;
      seconds += ones(known.seconds);
    }
    return seconds > 0 ? (requests + this.#awaited(first * REQUESTS_S, (first + count) * REQUESTS_S)) / seconds : undefined;
  }

  /** Drops what is older. */
  forget(oldestS: number): void {
    for (const bin of this.#bins.keys()) if (bin * REQUESTS_S < oldestS) this.#bins.delete(bin);
    for (const [series, { untilS }] of this.#told) if (untilS < this.#untilS - WAITED_S) this.#told.delete(series);
  }

  /** What is still to come of series that lag behind the others, in a stretch. */
  #awaited(fromS: number, toS: number): number {
    if (toS <= this.#untilS - WAITED_S) return 0;
    let sum = 0;
    for (const { untilS, perSecond } of this.#told.values()) {
      if (untilS >= this.#untilS - WAITED_S) sum += perSecond * overlap(untilS, this.#untilS, fromS, toS);
    }
    return sum;
  }
}

const overlap = (fromA: number, toA: number, fromB: number, toB: number): number =>
  Math.max(0, Math.min(toA, toB) - Math.max(fromA, fromB));

/** How many bits are set. */
function ones(bits: number): number {
  if (bits === ALL) return REQUESTS_S;
  let count = 0;
  for (let left = bits; left !== 0; left &= left - 1) count++;
  return count;
}
