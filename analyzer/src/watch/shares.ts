/** Which share of a project's clients is in which place: what a series inside a place is expected to hold of the whole. */

/** Dimensions in which places are watched and named, in the order of preference among equals. */
export const PLACE_DIMENSIONS = ['network', 'country', 'release'] as const;
export type PlaceDimension = (typeof PLACE_DIMENSIONS)[number];
export type Where = Readonly<Partial<Record<PlaceDimension, string>>>;

export interface ShareRow {
  readonly project: string;
  readonly dimension: string;
  readonly value: string;
  /** Attempts (or clients) heard from there. */
  readonly clients: number;
}

interface OfDimension {
  readonly values: Map<string, number>;
  total: number;
}

export class Shares {
  readonly #known = new Map<string, OfDimension>();

  constructor(rows: Iterable<ShareRow> = []) {
    for (const row of rows) this.add(row, 1);
  }

  /** @param times - 1 adds, -1 takes away again. */
  add({ project, dimension, value, clients }: ShareRow, times: 1 | -1): void {
    const key = `${project}\u0000${dimension}`;
    const known = this.#known.get(key) ?? { values: new Map<string, number>(), total: 0 };
    this.#known.set(key, known);
    const left = (known.values.get(value) ?? 0) + times * clients;
    known.total += times * clients;
    if (left > 0) known.values.set(value, left);
    else known.values.delete(value);
  }

  /** How many values of a dimension are known, at least 1. */
  valuesOf(project: string, dimension: PlaceDimension): number {
    return Math.max(1, this.#known.get(`${project}\u0000${dimension}`)?.values.size ?? 1);
  }

  /** Probability that two clients of a project are of the same value of a dimension, 0..1. */
  pairsOf(project: string, dimension: PlaceDimension): number {
    const known = this.#known.get(`${project}\u0000${dimension}`);
    if (known === undefined || known.total <= 0) return 1;
    return [...known.values.values()].reduce((sum, clients) => sum + (clients / known.total) ** 2, 0);
  }

  /** Share of the clients in a place, 0..1, never 0: half a client more is given to each value (Krichevsky & Trofimov). */
  shareOf(project: string, where: Where): number {
    return PLACE_DIMENSIONS.reduce((share, dimension) => {
      const value = where[dimension];
      if (value === undefined) return share;
      const known = this.#known.get(`${project}\u0000${dimension}`);
      const values = (known?.values.size ?? 0) + 1;
      return (share * ((known?.values.get(value) ?? 0) + 0.5)) / ((known?.total ?? 0) + 0.5 * values);
    }, 1);
  }
}
