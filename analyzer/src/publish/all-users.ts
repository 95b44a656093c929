/** An extrapolation to all users, as it is known and as it is said. */

/** Users that fail because of a spike, opted in or not, with a 95 % interval; or why it cannot be told. */
export type Extrapolation =
  | { readonly users: number; readonly low: number; readonly high: number; readonly reason: null }
  | { readonly users: null; readonly reason: NotExtrapolated };
export const NOT_EXTRAPOLATED = ['no_totals', 'uncovered', 'contradictory', 'uneven', 'no_excess'] as const;
export type NotExtrapolated = (typeof NOT_EXTRAPOLATED)[number];
export interface RawAllUsers {
  readonly shape: 'all_users';
  /** Failing opted-in clients that it is made from. */
  readonly failingClients: number;
  readonly of: Extrapolation;
}
export interface PublishedAllUsers {
  /** `about 3000`, with one digit; null where there is none. An estimate, never a count. */
  readonly text: string | null;
  readonly low: number | null;
  readonly high: number | null;
  /** Why there is none. */
  readonly note: string | null;
}
