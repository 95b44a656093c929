/** What a report is. Pure: no platform, no cryptography. Sealing is in `./seal` and `./seal-nacl`, opening in `./open`. */
export * from './kinds.js';
export { kindOf, phaseOf } from './kind-of.js';
export * from './fields.js';
export * from './limits.js';
export * from './errors.js';
export * from './agent-config.js';
export * from './final-codes.js';
export * from './outcry-error.js';
export { toBase64Url, fromBase64Url, parsePublicKey } from './base64url.js';
export { bucketMs, lossBucket } from './buckets.js';
export { encodeBody } from './body.js';
export { validateBody } from './validate.js';
export { parseHeader, checkDay, utcDay, HEADER_BYTES, type EnvelopeHeader } from './envelope.js';
