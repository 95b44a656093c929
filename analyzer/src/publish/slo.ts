/** How a host stands to its objective, as it is known and as it is said. */
import type { Burn } from '../watch/burn.js';

/** How fast clients of a host use up what its objective allows. */
export interface RawSlo {
  readonly shape: 'slo';
  readonly burn: Burn;
  /** Share of the whole budget that a spike used up so far; null where there is none. */
  readonly spent: number | null;
}
export interface PublishedSlo {
  /** Share of requests that shall succeed, over so many days. */
  readonly objective: number;
  readonly window_days: number;
  /** Failed share of clients' requests ÷ the share that may fail; 1 uses up the budget just in time. Null with few failed requests. */
  readonly burn_1h: number | null;
  readonly burn_6h: number | null;
  readonly burn_3d: number | null;
  /** What that is worth; null while the budget lasts. */
  readonly severity: 'page' | 'notice' | null;
  /** Share of the whole budget that the spike used up so far. */
  readonly budget_spent: number | null;
}
