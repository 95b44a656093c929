/**
 * One envelope at rest. Pages of several SDK versions may share one store, so an entry says its format, and the key alone tells
 * every version when it was sealed. What an older version left out has a default; fields of a newer one are kept when it is written
 * again; an entry of a newer format is left to the version that can read it, until it is too old for any.
 */

import type { Leased } from './leased.js';

export const ENTRY_FORMAT = 1;

export interface Entry extends Leased {
  /** Absent before there was a second way to write one. */
  readonly format?: number;
  readonly bytes: Uint8Array;
  readonly sealedAtMs: number;
  /** When the first failure in it was seen; null without failures. */
  readonly failedAtMs: number | null;
  /** Failure records in it. */
  readonly reports: number;
  /** Failures in it, repeats counted: what is lost with it. */
  readonly failures: number;
  readonly tries: number;
  /** Hosts of collectors that failed for it. */
  readonly failed: readonly string[];
  readonly leasedBy?: number;
  /** Losses that it tells. */
  readonly losses?: Readonly<Record<string, number>>;
}

/** Of the keys of all entries. */
export const ENTRY_PREFIX = 'e:';
const TIME_LENGTH = 9;

let sequence = 0;

/** Keys sort by time, then by the order in which they were made. */
export function entryKey(sealedAtMs: number, random: () => number): string {
  sequence = (sequence + 1) % 46_656;
  const time = sealedAtMs.toString(36).padStart(TIME_LENGTH, '0');
  return `${ENTRY_PREFIX}${time}${sequence.toString(36).padStart(3, '0')}${random().toString(36).slice(2, 8)}`;
}

/** The time of sealing that a key tells, in ms since the epoch; NaN when it tells none. */
export function sealedAtOf(key: string): number {
  return parseInt(key.slice(ENTRY_PREFIX.length, ENTRY_PREFIX.length + TIME_LENGTH), 36);
}

/**
 * Reads an entry that any version may have written.
 *
 * @returns undefined for what this version cannot read. Never throws.
 */
export function readEntry(key: string, value: unknown): Entry | undefined {
  const entry = (value ?? {}) as Partial<Entry>;
  const { format = 0, bytes, sealedAtMs, failedAtMs, failed } = entry;
  if (!(bytes instanceof Uint8Array) || !(format <= ENTRY_FORMAT)) return undefined;
  const number = (given: unknown, otherwise: number): number => (typeof given === 'number' ? given : otherwise);
  return {
    ...entry,
    bytes,
    sealedAtMs: number(sealedAtMs, sealedAtOf(key)),
    failedAtMs: typeof failedAtMs === 'number' ? failedAtMs : null,
    reports: number(entry.reports, 0),
    failures: number(entry.failures, number(entry.reports, 0)),
    tries: number(entry.tries, 0),
    failed: Array.isArray(failed) ? failed : [],
    leasedUntilMs: number(entry.leasedUntilMs, 0),
  };
}
