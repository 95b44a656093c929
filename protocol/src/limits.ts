/** The bounds of one upload, shared by agents and collectors. Source: DESIGN of the envelope, `docs/reference/wire.md`. */

export const ENVELOPE_VERSION = 1;
/** Major version of the body's schema, also the first element of the body. */
export const SCHEMA_MAJOR = 1;
export const MAX_ENVELOPE_BYTES: number = 60 * 1024;
export const MAX_BODY_BYTES: number = 256 * 1024;
/** Failures in one envelope; attempts, deliveries, losses and consents are bounded by the same number each. */
export const MAX_REPORTS = 64;
export const PADDING_BYTES = 256;
/** An envelope sealed more days ago than this is refused, and its dedup key may be forgotten one day later. */
export const MAX_AGE_DAYS = 8;
/** Event times are floored to this many seconds. */
export const TIME_GRAIN_S = 10;
/** Width of one bin of attempts in seconds. */
export const ATTEMPT_BIN_S = 300;
export const DAY_MS = 86_400_000;
