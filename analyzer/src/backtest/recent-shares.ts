/** The shares of the places, of what was heard in the last six hours. */
import { PLACE_DIMENSIONS, Shares } from '../watch/shares.js';
import type { ShareRow } from '../watch/shares.js';
import type { PlaceRow } from './rows.js';

const SHARES_S = 6 * 3_600;

export class RecentShares extends Shares {
  /** Rows that the shares are made of, the oldest first. */
  readonly #rows: { readonly at: number; readonly row: ShareRow }[] = [];

  take({ project, arrived, clients = 1, ...where }: PlaceRow): void {
    for (const dimension of PLACE_DIMENSIONS) {
      const row = { project, dimension, value: where[dimension], clients };
      this.add(row, 1);
      this.#rows.push({ at: arrived, row });
    }
  }

  forget(nowS: number): void {
    const old = this.#rows.findIndex((r) => r.at >= nowS - SHARES_S);
    for (const { row } of this.#rows.splice(0, old === -1 ? this.#rows.length : old)) this.add(row, -1);
  }
}
