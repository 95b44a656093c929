/**
 * Whether a spike stands without what three address prefixes can add to it. Keys cost nothing, so clients alone prove nothing: a collector
 * says of each whether it was the first of its prefix, one of a few, or one of many. Pure. Source: ADR 0009.
 */
import { upperTail } from '../detect/tails.js';
import type { CrowdCellRow } from '../queries/crowd-cells.js';

/** Address prefixes that one attacker may have. */
export const DISTRUSTED_PREFIXES = 3;
/** What a collector grants a prefix: one `first` an hour in the project, and three places of ten minutes each at a host. */
const FIRST_S = 3_600;
const FEW = 3;
const FEW_S = 600;
/** A report may say that it happened so much later than it arrived before its clock is not believed. */
const AHEAD_S = 310;
/** What is left must be this improbable. */
const STANDING_P = 1e-3;
/** Nothing is so quiet that less than this is to be expected. */
const LEAST_EXPECTED = 0.02;
/** How well the expected number is known, in failures. */
const EXPECTED_WEIGHT = 4;

/** The most that the distrusted prefixes can be `first` of the reports that a collector took in so many seconds. */
export const mostFirst = (seconds: number): number => DISTRUSTED_PREFIXES * (Math.floor(seconds / FIRST_S) + 1);

/** The most signers of theirs that are not one of many: those that hold a place when it begins, and those that take one after them. */
export const mostCounted = (seconds: number): number => mostFirst(seconds) + DISTRUSTED_PREFIXES * FEW * (Math.floor(seconds / FEW_S) + 2);

/** What is usual, and for how long the spike has been counted. */
export interface Usual {
  /**
   * Failing clients expected there by the detector. Lies and mistakes about load, sampling or shares of places can lower it, so it is never taken
   * below what was usual before.
   */
  readonly expected: number;
  /** Length of the spike ÷ length of the baseline. */
  readonly scale: number;
  /** Since the start of what is counted, until now, s. */
  readonly seconds: number;
  /** Variance ÷ mean of usual failures, >= 1; default 1. */
  readonly dispersion?: number;
}

export interface Standing {
  /** Whether what is left is improbable. */
  readonly stands: boolean;
  /** Clients that are left when the most that the distrusted prefixes can have been `first` is taken from what each collector saw. */
  readonly left: number;
}

const sumOf = (rows: readonly CrowdCellRow[], of: Exclude<keyof CrowdCellRow, 'collector' | 'network' | 'country' | 'release'>): number =>
  rows.reduce((sum, row) => sum + row[of], 0);

/** Clients of one collector, and those of them of which it knew no prefix that a stranger could have. */
interface Seen {
  readonly collector: string;
  readonly clients: number;
  readonly unranked: number;
}

/** What is left of each collector's count, summed up. */
function leftOf(rows: readonly Seen[], most: number): number {
  const collectors = new Map<string, number>();
  for (const { collector, clients } of rows) collectors.set(collector, (collectors.get(collector) ?? 0) + clients);
  return [...collectors.values()].reduce(
    (sum, clients) => sum + Math.max(0, clients - most),
    rows.reduce((sum, { unranked }) => sum + unranked, 0),
  );
}

/** Clients that were the first of their prefix, without the most that the distrusted ones can have been within `seconds`. */
export const firstLeft = (rows: readonly Pick<CrowdCellRow, 'collector' | 'first' | 'unranked'>[], seconds: number): number =>
  leftOf(
    rows.map(({ first, ...row }) => ({ ...row, clients: first })),
    mostFirst(seconds + AHEAD_S),
  );

/** All that count, likewise: at one host only, since three clients of a prefix count at each. */
export const countedLeft = (rows: readonly Pick<CrowdCellRow, 'collector' | 'counted' | 'unranked'>[], seconds: number): number =>
  leftOf(
    rows.map(({ counted, ...row }) => ({ ...row, clients: counted })),
    mostCounted(seconds + AHEAD_S),
  );

/**
 * @param rows - Of one place, at one host or at all hosts of a project.
 * @param atOneHost - Whether `counted` may be judged.
 */
export function standing(rows: readonly CrowdCellRow[], { expected, scale, seconds, dispersion = 1 }: Usual, atOneHost = true): Standing {
  const isImprobable = (clients: number, usual: number): boolean => {
    const mean = Math.max((usual + sumOf(rows, 'unrankedBefore')) * scale, expected, LEAST_EXPECTED);
    return upperTail(clients, mean, dispersion * mean + (mean * mean) / EXPECTED_WEIGHT) < STANDING_P;
  };
  const left = firstLeft(rows, seconds);
  const stands =
    isImprobable(left, sumOf(rows, 'firstBefore')) || (atOneHost && isImprobable(countedLeft(rows, seconds), sumOf(rows, 'countedBefore')));
  return { stands, left };
}
