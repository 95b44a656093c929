/**
 * The one switch between the bounded suites of `npm test` and the full ones of `npm run test:long`. A suite with both sizes has a
 * row here; the long run takes every test file that imports this one.
 */

/** True under `npm run test:long`. */
export const IS_LONG: boolean = process.env['OUTCRY_LONG'] === '1';

/** How much each suite does: in `npm test`, in `npm run test:long`. */
const SIZES = {
  /** Agents of the simulated fleet in the outage. */
  simulatedAgents: [500, 10_000],
  /** Rounds in which processes are killed under load. */
  killRounds: [5, 50],
  /** Junk uploads of each kind in a flood. */
  junkUploads: [500, 100_000],
} as const;

/**
 * The size of one suite in this run.
 *
 * @param name - A row of the table above.
 */
export const sizeOf = (name: keyof typeof SIZES): number => SIZES[name][IS_LONG ? 1 : 0];

/** A test's time limit in ms: `boundedMs` in `npm test`, `longMs` in the long run. */
export const limitMs = (boundedMs: number, longMs: number): number => (IS_LONG ? longMs : boundedMs);
