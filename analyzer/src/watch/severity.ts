/** Who has to look at a spike, and when. Pure. */
import type { PublishedSpike } from '../publish/shapes.js';

/** `page`: somebody should get up; `notice`: look at it in the morning. */
export type SpikeSeverity = 'page' | 'notice';

export interface PagingOptions {
  /** Failing clients from which on a spike pages. */
  readonly pageFromClients: number;
  /** Whether a spike that nothing independent supports may page. */
  readonly pageUncorroborated: boolean;
}
export const PAGING_DEFAULTS: PagingOptions = { pageFromClients: 20, pageUncorroborated: false };

/**
 * A spike pages by the number of failing clients that may be said of it, or where clients burn the budget of the objective so fast that it pages.
 * What lies in the clients' own connections, and what nothing supports, does not.
 *
 * @param said - As published: a severity must not tell more than the page does. @param before - What it was: it never falls while the spike is open.
 */
export function severityOf(
  said: Pick<PublishedSpike, 'verdict' | 'uncorroborated' | 'failing_clients' | 'slo'>,
  before: SpikeSeverity | undefined,
  { pageFromClients, pageUncorroborated }: PagingOptions,
): SpikeSeverity {
  if (before === 'page') return before;
  if (said.verdict === 'local' || (said.uncorroborated && !pageUncorroborated)) return 'notice';
  return (said.failing_clients ?? 0) >= pageFromClients || said.slo?.severity === 'page' ? 'page' : 'notice';
}
