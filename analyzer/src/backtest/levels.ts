/** The usual levels of a replay's series as of their last looks: what other looks, and the question whether one is worth it, rest on. */
import { subjectOf } from '../watch/build-series.js';
import type { Looked } from '../watch/find.js';
import { isWhole } from './arrived.js';
import type { Bins } from './bins.js';

/** How old a level may be that something else rests on, s. */
const AGE_S = 1_800;

export class Levels {
  readonly #wholes = new Map<string, { readonly atS: number; readonly looked: Looked }>();
  readonly #places = new WeakMap<Bins, { readonly atS: number; readonly perSecond: number }>();

  /** @param subject - Of `subjectOf`. */
  whole(subject: string): Looked | undefined {
    return this.#wholes.get(subject)?.looked;
  }

  isOld(subject: string, nowS: number): boolean {
    return nowS - (this.#wholes.get(subject)?.atS ?? -Infinity) >= AGE_S;
  }

  setWhole(subject: string, looked: Looked, nowS: number): void {
    this.#wholes.set(subject, { atS: nowS, looked });
  }

  setPlace(bins: Bins, { perSecond }: Looked, nowS: number): void {
    if (perSecond !== undefined) this.#places.set(bins, { atS: nowS, perSecond });
  }

  /** Usual failures per second and exposure 1; of a place undefined where the last look is too long ago. */
  perSecond(bins: Bins, nowS: number): number | undefined {
    if (isWhole(bins)) return this.whole(subjectOf(bins.of))?.perSecond;
    const known = this.#places.get(bins);
    return known !== undefined && nowS - known.atS < AGE_S ? known.perSecond : undefined;
  }
}
