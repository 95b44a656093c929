/** Options of `localise` made safe. */
import type { Cell, LocaliseOptions } from './cell.js';

/** Dimensions looked at, at most: every three of them are combined. */
const MOST_DIMENSIONS = 10;
const DEEPEST = 3;
const DEFAULTS = { baselineScale: 1, maxDepth: DEEPEST, maxCauses: 5, minShare: 0.01 } as const;

/**
 * The options with defaults for what is missing, no number or out of bounds; fractions of a dimension or a cause are dropped. Of more than ten dimensions
 * the first ten are looked at, each once.
 */
export function withDefaults(cells: readonly Cell[], options: LocaliseOptions): Required<LocaliseOptions> {
  const { baselineScale, dimensions, maxDepth, maxCauses, minShare } = options;
  const within = (x: number | undefined, least: number, fallback: number): number =>
    x !== undefined && x >= least && x < Infinity ? x : fallback;
  return {
    baselineScale: within(baselineScale, Number.MIN_VALUE, DEFAULTS.baselineScale),
    dimensions: [...new Set(dimensions ?? namesOf(cells))].slice(0, MOST_DIMENSIONS),
    maxDepth: Math.min(DEEPEST, Math.floor(within(maxDepth, 1, DEFAULTS.maxDepth))),
    maxCauses: Math.floor(within(maxCauses, 1, DEFAULTS.maxCauses)),
    minShare: Math.min(1, within(minShare, 0, DEFAULTS.minShare)),
  };
}

function namesOf(cells: readonly Cell[]): Iterable<string> {
  const names = new Set<string>();
  for (const { where } of cells) for (const name in where) names.add(name);
  return names;
}
