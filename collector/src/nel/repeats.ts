/**
 * Reports that came before. A browser sends its reports again when the answer to an upload was lost, for a quarter of an hour, and
 * gives each the age it has by then. So a report is a repeat when an earlier upload from the same address prefix held one alike in
 * every word that happened within a second of it. Within one upload nothing is a repeat: identical failures are failures.
 * Memory only: hashes of words that must not be stored, forgotten after twenty minutes.
 */
import { hash } from 'node:crypto';
import { MAX_NEL_REPORTS, type NelReport } from './read-reports.js';

export interface NelRepeats {
  /** Those of an upload that are new, and how many are repeats. Changes nothing. */
  sift(prefixKey: string, reports: readonly NelReport[], nowMs: number): { fresh: NelReport[]; repeats: number };
  /** Notes reports that are on disk now. */
  remember(prefixKey: string, reports: readonly NelReport[], nowMs: number): void;
  readonly size: () => number;
}

/** Longer than a browser keeps a report. */
const KEEP_MS = 20 * 60_000;
/** The ways there of the upload and of its repeat may take differently long. */
const TOLERANCE_MS = 1_000;

interface Seen {
  readonly occurredAtMs: number[];
  atMs: number;
}

/** @param capacity - likenesses remembered; the oldest is forgotten first. */
export function nelRepeats(capacity: number): NelRepeats {
  const seen = new Map<string, Seen>();
  const nameOf = (prefixKey: string, { likeness }: NelReport): string => hash('sha256', `${prefixKey}\n${likeness}`, 'base64').slice(0, 22);

  const forget = (nowMs: number): void => {
    for (const [name, { atMs }] of seen) {
      if (seen.size <= capacity && nowMs - atMs < KEEP_MS) break;
      seen.delete(name);
    }
  };

  return {
    sift(prefixKey, reports, nowMs) {
      const left = new Map<string, number[]>();
      const fresh = reports.filter((report) => {
        const name = nameOf(prefixKey, report);
        const before = seen.get(name);
        if (before === undefined || nowMs - before.atMs >= KEEP_MS) return true;
        let times = left.get(name);
        if (times === undefined) left.set(name, (times = [...before.occurredAtMs]));
        // Each earlier one stands for one repeat.
        const index = times.findIndex((ms) => Math.abs(ms - report.occurredAtMs) <= TOLERANCE_MS);
        if (index >= 0) times.splice(index, 1);
        return index < 0;
      });
      return { fresh, repeats: reports.length - fresh.length };
    },
    remember(prefixKey, reports, nowMs) {
      for (const report of reports) {
        const name = nameOf(prefixKey, report);
        const before = seen.get(name);
        seen.delete(name);
        const recent = before?.occurredAtMs.filter((ms) => nowMs - ms < KEEP_MS) ?? [];
        seen.set(name, { occurredAtMs: [...recent, report.occurredAtMs].slice(-MAX_NEL_REPORTS), atMs: nowMs });
      }
      forget(nowMs);
    },
    size: () => seen.size,
  };
}
