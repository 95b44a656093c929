/** Failing clients per bin of one series, as far as they have arrived. */
import type { SeriesOf } from '../watch/build-series.js';

export class Bins {
  readonly of: SeriesOf;
  readonly binS: number;
  /** Clients by bin number (time ÷ width). */
  readonly counts = new Map<number, number>();
  /** Bins that rows arrived for since the series was looked at last. */
  readonly touched = new Set<number>();
  /** All clients kept, as of the last `forget` and what came since. */
  total = 0;
  /** Named clients by bin. */
  readonly #seen = new Map<number, Set<string>>();
  #oldest = Infinity;
  /** Whether a spike of it lasts. */
  isOpen = false;
  /** When it was looked at last, s. */
  lookedS: number | undefined;

  constructor(of: SeriesOf, binS: number) {
    this.of = of;
    this.binS = binS;
  }

  /** @param client - Counted once a bin where it is named. @returns Whether it was counted. */
  add(atS: number, clients: number, client?: string): boolean {
    const bin = Math.floor(atS / this.binS);
    if (client !== undefined) {
      const seen = this.#seen.get(bin) ?? new Set<string>();
      this.#seen.set(bin, seen);
      if (seen.has(client)) return false;
      seen.add(client);
    }
    this.counts.set(bin, (this.counts.get(bin) ?? 0) + clients);
    if (bin < this.#oldest) this.#oldest = bin;
    this.touched.add(bin);
    this.total += clients;
    return true;
  }

  /** Clients of `width` bins that end with `last`. */
  sum(last: number, width: number): number {
    let sum = 0;
    if (this.counts.size < width) {
      for (const [bin, clients] of this.counts) if (bin > last - width && bin <= last) sum += clients;
      return sum;
    }
    for (let bin = last - width + 1; bin <= last; bin++) sum += this.counts.get(bin) ?? 0;
    return sum;
  }

  /** Bins with failures since `fromS`, as storage would answer. */
  *since(fromS: number): Generator<{ bin: number; clients: number }> {
    for (const [bin, clients] of this.counts) if (bin * this.binS >= fromS) yield { bin: bin * this.binS, clients };
  }

  /** Drops bins before `fromS`. */
  forget(fromS: number): void {
    if ((this.#oldest + 1) * this.binS > fromS) return;
    this.#oldest = Infinity;
    for (const [bin, clients] of this.counts) {
      if ((bin + 1) * this.binS > fromS) {
        this.#oldest = Math.min(this.#oldest, bin);
        continue;
      }
      this.counts.delete(bin);
      this.#seen.delete(bin);
      this.total -= clients;
    }
  }
}
