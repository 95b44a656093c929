/** Whether a row of storage is of a place. Pure. */
import type { Localisation } from '../localise/cell.js';
import { PLACE_DIMENSIONS } from './shares.js';
import type { PlaceDimension, Where } from './shares.js';

type Located = Readonly<Record<PlaceDimension, string>>;
export const isIn = (row: Located, where: Where): boolean => PLACE_DIMENSIONS.every((d) => where[d] === undefined || row[d] === where[d]);

/** Whether a row is of the places found, or of the whole host where none is. */
export const isThere = ({ causes }: Localisation, row: Located): boolean =>
  causes.length === 0 || causes.some(({ where }) => isIn(row, where));
