import type { NotExtrapolated, PublishedAllUsers, RawAllUsers } from './shapes.js';

const WHY: Readonly<Record<NotExtrapolated, string>> = {
  no_totals: 'the server tells no totals by country and release',
  uncovered: 'the totals cover too few of the countries and releases that fail',
  contradictory: 'clients tell of more requests than the server counts, so the totals are of something else',
  uneven: 'the share of users who opted in differs too much between countries and releases',
  no_excess: 'weighed by country and release, no more clients failed than usual',
};
const TOO_FEW = 'too few clients failed';

/** One digit, the interval rounded outwards: more would tell in which country and release a single client failed. Only for `publish()`. */
export function publishAllUsers({ failingClients, of }: Omit<RawAllUsers, 'shape'>, k: number): PublishedAllUsers {
  const none = { text: null, low: null, high: null };
  if (of.reason !== null) return { ...none, note: WHY[of.reason] };
  if (!(failingClients >= k)) return { ...none, note: TOO_FEW };
  const scale = (x: number): number => 10 ** Math.floor(Math.log10(Math.max(1, x)));
  const to = (x: number, round: (y: number) => number): number => round(x / scale(x)) * scale(x);
  return { text: `about ${to(of.users, Math.round)}`, low: to(of.low, Math.floor), high: to(of.high, Math.ceil), note: null };
}
