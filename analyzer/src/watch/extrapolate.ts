/**
 * From opted-in clients that a spike hit to all users, where the server says how many requests each country and release makes in all.
 *
 * Post-stratification: in a stratum (country × release) the opt-in share is the requests of opted-in clients ÷ all requests, both before the spike;
 * each client that fails beyond the usual stands for 1 ÷ that share. The interval has the chance of the counts (Σ (f + usual)/s²) and, as the sd of the logarithm, the spread of the
 * share between strata: users within one stratum are thought to differ as much as strata do. Assumption: within a stratum, those who opted in fail
 * as often as the others. It is wrong where a fault hits the two differently, and where the shares are of other requests than the failing ones.
 */
import type { Extrapolation } from '../publish/shapes.js';
import { ALL_SEEN } from './unseen.js';
import type { Unseen } from './unseen.js';

/** Least failing clients that must lie in strata with totals. */
const COVERED = 0.9;
const LEAST_STRATA = 2;
/** Opted-in requests below which the share of a stratum is chance. */
const LEAST_REQUESTS = 20;
/** Requests per second below which nothing is divided. */
const LEAST_PER_S = 1e-6;
/** A share above this says that the totals are not of the same requests. */
const LARGEST_SHARE = 1.1;
/** Spread (sd of the logarithm) beyond which the interval would say nothing. */
const WIDEST = 1;
const Z95 = 1.96;

export interface Stratum {
  readonly failing: number;
  /** Clients that fail in as much time without a spike. */
  readonly usual: number;
  /** Requests of opted-in clients and of all, per second, before the spike; 0 where nothing is known. */
  readonly optedInPerS: number;
  readonly allPerS: number;
  /** Requests of opted-in clients that the first is made of. */
  readonly sample: number;
}

/**
 * @param unseen - For the clients that a sample of failures does not hear.
 * @returns Users that fail because of it, with a 95 % interval, or why there is none. Pure; never throws.
 */
export function extrapolate(strata: readonly Stratum[], unseen: Unseen = ALL_SEEN): Extrapolation {
  const failing = strata.reduce((sum, s) => sum + s.failing, 0);
  const known = strata.filter((s) => s.allPerS > LEAST_PER_S && s.optedInPerS > LEAST_PER_S && s.sample >= LEAST_REQUESTS);
  if (!strata.some((s) => s.allPerS > 0)) return { users: null, reason: 'no_totals' };
  const covered = known.reduce((sum, s) => sum + s.failing, 0);
  if (!(failing > 0) || known.length < LEAST_STRATA || covered < COVERED * failing) return { users: null, reason: 'uncovered' };
  const shared = known.map((s) => ({ ...s, share: s.optedInPerS / s.allPerS }));
  if (shared.some((s) => s.failing > 0 && s.share > LARGEST_SHARE)) return { users: null, reason: 'contradictory' };
  const weighted = shared.map((s) => ({ ...s, share: Math.min(1, s.share) }));
  const spread = spreadOf(weighted);
  if (spread > WIDEST) return { users: null, reason: 'uneven' };
  const scale = failing / covered;
  const users = weighted.reduce((sum, s) => sum + (s.failing - s.usual) / s.share, 0) * scale;
  // Below, a stratum with large chance and a small share would have all the say.
  const excess = strata.reduce((sum, s) => sum + s.failing - s.usual, 0);
  if (!(excess > 0) || users < excess) return { users: null, reason: 'no_excess' };
  const variance = weighted.reduce((sum, s) => sum + (s.failing + s.usual) / s.share ** 2, 0) * scale ** 2;
  const half = Math.hypot((Z95 * Math.sqrt(variance)) / users, studentOf(weighted) * spread, Math.log(unseen.high / unseen.low) / 2);
  const all = users * unseen.times;
  return { users: all, low: Math.max(excess, all * Math.exp(-half)), high: all * Math.exp(half), reason: null };
}

/** Strata that count: those of few requests tell little of the spread. */
function effective(strata: readonly { readonly allPerS: number }[]): number {
  const total = strata.reduce((sum, s) => sum + s.allPerS, 0);
  return Math.max(1.5, total ** 2 / strata.reduce((sum, s) => sum + s.allPerS ** 2, 0));
}

/** 97.5 % quantile of Student's t, for a spread that is known from a few strata only (first term of its expansion). */
const studentOf = (strata: readonly { readonly allPerS: number }[]): number => Z95 * (1 + (Z95 ** 2 + 1) / (4 * (effective(strata) - 1)));

/** Sd of the logarithm of the share between strata, weighted by all their requests. */
function spreadOf(strata: readonly { readonly share: number; readonly allPerS: number }[]): number {
  const total = strata.reduce((sum, s) => sum + s.allPerS, 0);
  const mean = strata.reduce((sum, s) => sum + s.allPerS * Math.log(s.share), 0) / total;
  const n = effective(strata);
  return Math.sqrt(((strata.reduce((sum, s) => sum + s.allPerS * (Math.log(s.share) - mean) ** 2, 0) / total) * n) / (n - 1));
}
