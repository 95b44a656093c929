/**
 * The error codes after which sending the same envelope again cannot help: an agent drops the envelope and counts the loss.
 * Apart from the table in `errors.ts` so that an agent's bundle carries these words only; that table is bound to this list by type.
 */
export const FINAL_CODES = [
  'envelope_too_small',
  'envelope_too_large',
  'bad_length',
  'unsupported_version',
  'unsupported_suite',
  'unsupported_content',
  'unsupported_schema',
  'stale_envelope',
  'open_failed',
  'bad_padding',
  'bad_deflate',
  'body_too_large',
  'bad_cbor',
  'invalid_report',
  'too_many_reports',
  'bad_signature',
  'unknown_project',
  'unknown_host',
] as const;
export type FinalCode = (typeof FINAL_CODES)[number];
