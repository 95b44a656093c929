/** Inserting the rows of one table, and finding the few that storage refuses for what they are. */
import { isDataError } from './classify.js';

/** Rows in any form of which parts can be taken. */
export interface Divisible {
  readonly length: number;
  slice(from: number, to: number): this;
}

export type Insert<R> = (rows: R, token: string) => Promise<void>;

/**
 * Every row was refused: then it is rather the schema that does not fit (storage older than the collector), and nothing may be
 * put aside for it.
 */
export class SchemaSuspected extends Error {}

/** Rows refused in a row, without one accepted, before the schema is suspected. */
const SUSPICIOUS = 8;

/**
 * Inserts rows; where storage refuses them for their data, halves them until the refused ones stand alone.
 *
 * @param token - the insert token; halves add their range to it, so that a retry after a crash uses the same ones.
 * @returns the indexes of the refused rows.
 * Throws any other error of `insert`, and `SchemaSuspected` when 8 rows were refused and none accepted.
 */
export async function insertOrBisect<R extends Divisible>(insert: Insert<R>, rows: R, token: string): Promise<number[]> {
  const refused: number[] = [];
  let accepted = 0;
  const part = async (from: number, to: number, name: string): Promise<void> => {
    try {
      await insert(from === 0 && to === rows.length ? rows : rows.slice(from, to), name);
      accepted += to - from;
    } catch (error) {
      if (!isDataError(error)) throw error;
      if (to - from === 1) {
        refused.push(from);
        if (accepted === 0 && refused.length >= SUSPICIOUS) throw new SchemaSuspected();
        return;
      }
      const middle = (from + to) >>> 1;
      await part(from, middle, `${token}:${from}-${middle}`);
      await part(middle, to, `${token}:${middle}-${to}`);
    }
  };
  if (rows.length > 0) await part(0, rows.length, token);
  return refused;
}
