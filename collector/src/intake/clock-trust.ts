/**
 * Whether the collector's own clock can be believed, so that an envelope may be refused for good because of its day. Not before an
 * envelope was stored that a device sealed yesterday, today or tomorrow; not while it is behind what the journal has seen; and not once
 * the clock was set by hours while the process runs: it was wrong before or is wrong now, and nothing here tells which.
 */
import { utcDay } from '@outcry/protocol';

const JUMP_MS = 3_600_000;

export interface ClockTrust {
  isSure(nowMs: number): boolean;
  /** A verified envelope had this day, which is at most one ahead. */
  compare(day: number, nowMs: number): void;
}

/**
 * @param nowMs - the wall clock at the start.
 * @param newestDay - the latest day that the journal has seen.
 * @param monotonic - a clock that cannot be set; both are compared with how far they were apart at the start.
 */
export function clockTrust(nowMs: number, newestDay: number | undefined, monotonic: () => number = () => performance.now()): ClockTrust {
  const apartMs = nowMs - monotonic();
  let isConfirmed = false;
  return {
    isSure: (laterMs) => isConfirmed && utcDay(laterMs) >= (newestDay ?? 0) - 1 && Math.abs(laterMs - monotonic() - apartMs) < JUMP_MS,
    compare(day, laterMs) {
      if (!isConfirmed) isConfirmed = day >= utcDay(laterMs) - 1;
    },
  };
}
