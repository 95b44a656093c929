/**
 * How the false alarms that are allowed are spent: half on whole hosts, a quarter on networks, an eighth each on countries and releases.
 * Among the places of a dimension half is spent evenly and half by their share of the clients (weighted Bonferroni, Genovese et al. 2006): where
 * more clients are, more outages are, and a million small places cannot use up what a large one needs.
 */
import type { DetectOptions } from '../detect/series.js';
import { PLACE_DIMENSIONS } from './shares.js';
import type { Shares, Where } from './shares.js';

const SPENT = { whole: 0.5, network: 0.25, country: 0.125, release: 0.125 } as const;
/** How many failures of its own a place needs before it outweighs its share of the whole. */
export const PLACE_WEIGHT = 2;

export interface Budget {
  readonly falseAlarmsPerWeek: number;
  /** Project × host × kind. */
  readonly wholeSeries: number;
}

/** Options of one series; `where` is {} for the whole host. @param dispersion - How bursty its host and kind are, >= 1. */
export function optionsOf(
  { falseAlarmsPerWeek, wholeSeries }: Budget,
  project: string,
  where: Where,
  shares: Shares,
  dispersion: number,
): DetectOptions {
  const dimension = PLACE_DIMENSIONS.find((d) => where[d] !== undefined);
  // Whether those who fail are enough different clients is asked of storage afterwards.
  const common = { seriesTested: Math.max(1, wholeSeries), minFailing: 1, dispersion };
  if (dimension === undefined) return { ...common, falseAlarmsPerWeek: falseAlarmsPerWeek * SPENT.whole };
  const part = 0.5 / shares.valuesOf(project, dimension) + 0.5 * shares.shareOf(project, where);
  return { ...common, minRatio: 2, falseAlarmsPerWeek: falseAlarmsPerWeek * SPENT[dimension] * part };
}

/** Series that share the budget: the whole hosts, and every place known of their projects in each. */
export function seriesTested(budget: Budget, projects: readonly string[], shares: Shares): number {
  const places = projects.reduce((sum, p) => sum + PLACE_DIMENSIONS.reduce((n, d) => n + shares.valuesOf(p, d), 0), 0);
  return budget.wholeSeries + Math.round((budget.wholeSeries / Math.max(1, projects.length)) * places);
}
