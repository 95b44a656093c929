import type { ErrorCode } from './errors.js';

/**
 * The one error class of Outcry. `code` is from the error table; the message may name an option or a bound,
 * never any content of a report.
 */
export class OutcryError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, detail?: string) {
    super(detail === undefined ? code : `${code}: ${detail}`);
    this.name = 'OutcryError';
    this.code = code;
  }
}
