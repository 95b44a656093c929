/**
 * What waits to arrive. The collectors rank failing clients by their address prefix as they come, with the code that real ones run, so
 * rows learn their `crowd` on the way out.
 */
import { crowds } from '@outcry/collector';
import type { FailuresRow, HistoryRow } from '@outcry/analyzer';
import type { Random } from './random.js';

type Arriving = Exclude<HistoryRow, { row: 'world' | 'incident' }>;
/** Which address prefix a failing client sent from, by a name of it: rows do not say. */
export type TellSource = (row: FailuresRow, source: string) => void;

/** Collectors, and the share of the clients that find the first of them the nearest. */
const SECOND_COLLECTOR = 'c2';
const NEAREST = 0.7;
/** Several times what fails in the hour for which a prefix is remembered; those unused for longest are forgotten first. */
const PLACES_KEPT = 50_000;

export class Arrivals {
  readonly #waiting = new Map<number, { readonly row: Arriving; readonly prefix: string | undefined }[]>();
  readonly #random: Random;
  readonly #rank = [crowds(PLACES_KEPT), crowds(PLACES_KEPT)] as const;
  readonly #tell: TellSource;
  #signer = 0n;

  /** @param tell - Told of each ranked row as it leaves, and of the prefix it came from. */
  constructor(random: Random, tell: TellSource = () => undefined) {
    this.#random = random;
    this.#tell = tell;
  }

  /** @param prefix - Where the failing client sends from; it has a key that nobody else has. */
  add(row: Arriving, prefix?: string): void {
    const slot = this.#waiting.get(row.arrived);
    if (slot === undefined) this.#waiting.set(row.arrived, [{ row, prefix }]);
    else slot.push({ row, prefix });
  }

  /** What arrives in a second, in the order in which it was added. */
  *at(second: number): Generator<Arriving> {
    for (const { row, prefix } of this.#waiting.get(second) ?? []) {
      yield row.row === 'failures' && prefix !== undefined ? this.#ranked(row, prefix) : row;
    }
    this.#waiting.delete(second);
  }

  #ranked(row: Extract<Arriving, { row: 'failures' }>, prefixKey: string): Arriving {
    const isSecond = this.#random() >= NEAREST;
    const rank = this.#rank[isSecond ? 1 : 0];
    const crowd = rank({ prefixKey, isPrivate: false }, row.project, [row.host], ++this.#signer, row.arrived * 1000);
    const ranked = { ...row, ...(crowd !== '' && { crowd }), ...(isSecond && { collector: SECOND_COLLECTOR }) };
    this.#tell(ranked, prefixKey);
    return ranked;
  }
}
