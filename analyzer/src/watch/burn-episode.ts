/**
 * From when to when a budget burns too fast, for alerts: short pauses do not end it. It follows from the bins alone, so that every analyzer says
 * the same, before and after a restart. Pure.
 */

/** It is over once no rule has held in so many bins of five minutes, of those that were told of: a quarter of an hour. */
export const OVER_AFTER_BINS = 3;
/** Bins after which it is over though too few were told of: an hour. Silence alone is no sign that clients succeed again. */
export const SILENT_AFTER_BINS = 12;

/** What the rules say at the end of a bin: how grave it is, that the budget lasts, or that nobody told of requests in the bin. */
export type BinVerdict = 'page' | 'notice' | 'lasts' | 'untold';

export interface BurnEpisode {
  /** End of the first bin at which a rule held. */
  readonly sinceMs: number;
  /** The gravest that it was: it never falls. */
  readonly severity: 'page' | 'notice';
}

/**
 * @param verdicts - One per bin, the newest last. @param endMs - End of the newest bin. @param binMs - Length of a bin.
 * @returns What is not over yet; null where nothing burns.
 */
export function episodeOf(verdicts: readonly BinVerdict[], endMs: number, binMs: number): BurnEpisode | null {
  let begun: number | null = null;
  let severity: BurnEpisode['severity'] = 'notice';
  let lasting = 0;
  let since = 0;
  for (const [i, verdict] of verdicts.entries()) {
    if (verdict === 'page' || verdict === 'notice') {
      if (begun === null) [begun, severity] = [i, verdict];
      else if (verdict === 'page') severity = verdict;
      [lasting, since] = [0, 0];
      continue;
    }
    since += 1;
    if (verdict === 'lasts') lasting += 1;
    if (lasting >= OVER_AFTER_BINS || since >= SILENT_AFTER_BINS) begun = null;
  }
  return begun === null ? null : { sinceMs: endMs - (verdicts.length - 1 - begun) * binMs, severity };
}
