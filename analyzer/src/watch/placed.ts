/** A group of findings, and where it lies. */
import type { Localisation } from '../localise/cell.js';
import type { FailureCellRow } from '../queries/failure-cells.js';
import type { stretchOf } from '../queries/stretch.js';
import type { Group } from './find.js';

export interface Placed {
  readonly group: Group;
  /** Cells of the whole host and kind. */
  readonly rows: readonly FailureCellRow[];
  /** What was to be expected of the whole host and kind, whatever it was found in. */
  readonly expectedWhole: number;
  readonly localisation: Localisation;
  /** Which part of the clients is in the place, failing or not, 0..1. */
  readonly share: number;
  /** '' or for example `network=…`: the scope that a new spike of this group gets. */
  readonly scope: string;
  /** The spike and the stretches before it; 1 ÷ `baselines` brings their sum to the length of one. */
  readonly stretch: ReturnType<typeof stretchOf>;
}
