/** Failing clients per bin of one series, as far as they have arrived. */
import type { BinRow, SeriesOf } from '../watch/build-series.js';

export class Bins {
  readonly of: SeriesOf;
  readonly binS: number;
  /** Clients by bin number (time ÷ width). */
  readonly counts = new Map<number, number>();
  /** Bins that rows arrived for since the series was looked at last. */
  readonly touched = new Set<number>();

  constructor(of: SeriesOf, binS: number) {
    this.of = of;
    this.binS = binS;
  }

  add(atS: number, clients: number): void {
    const bin = Math.floor(atS / this.binS);
    this.counts.set(bin, (this.counts.get(bin) ?? 0) + clients);
    this.touched.add(bin);
  }

  /** Clients of `width` bins that end with `last`. */
  sum(last: number, width: number): number {
    let sum = 0;
    for (let bin = last - width + 1; bin <= last; bin++) sum += this.counts.get(bin) ?? 0;
    return sum;
  }

  /** Bins with failures since `fromS`, as storage would answer. */
  rows(fromS: number): BinRow[] {
    const { project, host, kind, network } = this.of;
    const of = network === null ? { project, host, kind } : { project, host, kind, network };
    const rows: BinRow[] = [];
    for (const [bin, clients] of this.counts) if (bin * this.binS >= fromS) rows.push({ ...of, bin: bin * this.binS, clients });
    return rows;
  }

  /** Drops bins before `fromS`. */
  forget(fromS: number): void {
    for (const bin of this.counts.keys()) if ((bin + 1) * this.binS <= fromS) this.counts.delete(bin);
  }
}
