/**
 * The one table of error codes. `docs/errors.md` is written from it and a test fails when they differ.
 * Codes in capitals are thrown to the developer or printed by the command; the others travel in problem+json answers.
 */
import type { FinalCode } from './final-codes.js';

export interface ErrorEntry {
  /** HTTP status of the answer, or 0 where the code is thrown or printed instead. */
  readonly status: number;
  /** What happened, in one plain sentence without any detail of the request. */
  readonly title: string;
  /** What the reader can do about it. */
  readonly remedy: string;
}

const UPLOAD_FINAL: Readonly<Record<FinalCode, ErrorEntry>> = {
  envelope_too_small: {
    status: 400,
    title: 'The upload is shorter than an envelope can be.',
    remedy: 'Send one whole envelope as the request body.',
  },
  envelope_too_large: { status: 413, title: 'The upload is longer than 60 KiB.', remedy: 'Seal fewer reports in one envelope.' },
  bad_length: {
    status: 400,
    title: 'The ciphertext is not a multiple of 256 bytes plus its tag.',
    remedy: 'Pad the plaintext as docs/reference/wire.md says.',
  },
  unsupported_version: {
    status: 400,
    title: 'The envelope version is not known here.',
    remedy: 'Update the collector, or use an SDK of its age.',
  },
  unsupported_suite: { status: 400, title: 'The cipher suite is not known here.', remedy: 'Use suite 1 or 2.' },
  unsupported_content: {
    status: 400,
    title: 'The content coding is not known here.',
    remedy: 'Use content 0 (CBOR) or 1 (deflate-raw of CBOR).',
  },
  unsupported_schema: {
    status: 400,
    title: 'The schema major version is not known here.',
    remedy: 'Update the collector, or use an SDK of its age.',
  },
  stale_envelope: {
    status: 400,
    title: 'The envelope was sealed more than 8 days ago or more than a day ahead.',
    remedy: 'Check the clock of the device.',
  },
  open_failed: {
    status: 400,
    title: 'The envelope could not be opened: it was changed on its way or sealed for another key.',
    remedy: 'Check recipientKey in the app.',
  },
  bad_padding: {
    status: 400,
    title: 'The plaintext is not padded as version 1 demands.',
    remedy: 'Pad with zeros to the next multiple of 256 bytes.',
  },
  bad_deflate: {
    status: 400,
    title: 'The body is not one whole deflate stream.',
    remedy: 'Compress the CBOR body with deflate-raw, or use content 0.',
  },
  body_too_large: { status: 413, title: 'The body inflates to more than 256 KiB.', remedy: 'Seal fewer reports in one envelope.' },
  bad_cbor: {
    status: 400,
    title: 'The body is not the strict CBOR subset of the wire format.',
    remedy: 'See docs/reference/wire.md for what is allowed.',
  },
  invalid_report: {
    status: 422,
    title: 'A field of the body has a wrong type or is out of its bounds.',
    remedy: 'See docs/reference/fields.md for the bounds.',
  },
  too_many_reports: {
    status: 422,
    title: 'The envelope holds more than 64 records of one sort.',
    remedy: 'Split them into several envelopes.',
  },
  bad_signature: {
    status: 400,
    title: 'The signature does not match the envelope.',
    remedy: 'Sign the domain prefix, the first 88 bytes and the ciphertext.',
  },
  unknown_project: {
    status: 403,
    title: 'This collector does not take reports of this project.',
    remedy: 'Add the project to the configuration of the collector.',
  },
  unknown_host: {
    status: 403,
    title: 'This collector does not take reports about this host.',
    remedy: "Add the host to the project's hosts in the configuration of the collector.",
  },
};

const UPLOAD_RETRY = {
  unknown_key: {
    status: 400,
    title: 'The envelope is sealed for a key that this collector does not hold.',
    remedy: 'The agent keeps it for another collector; check recipientKey and the keys of the collector.',
  },
  rate_limited: { status: 429, title: 'Too many uploads from this network.', remedy: 'Wait as Retry-After says.' },
  overloaded: { status: 503, title: 'The collector has as many uploads in work as it takes at once.', remedy: 'Wait as Retry-After says.' },
  journal_full: {
    status: 503,
    title: 'The journal is full: storage has not taken rows for too long, or the disk is full.',
    remedy: 'Look at storage and the disk; intake goes on by itself once there is room.',
  },
  journal_unsafe: {
    status: 503,
    title: 'The disk of the journal failed at a commit; nothing is acknowledged until all of it is on the disk again.',
    remedy: 'Look at the disk; the collector writes its journal again every few seconds, and intake goes on by itself once that worked.',
  },
  clock_unsure: {
    status: 503,
    title: 'The collector is not sure of its clock, and the day of the envelope does not fit it.',
    remedy: 'The agent keeps it; see that the clock of the collector is right, and start it again if it was set.',
  },
  stopping: { status: 503, title: 'The collector is stopping.', remedy: 'The agent tries the next collector.' },
} as const satisfies Record<string, ErrorEntry>;

const NEL = {
  nel_off: {
    status: 410,
    title: "This collector takes no reports of browsers' own Network Error Logging for this project.",
    remedy: 'Set nel: true for the project in the configuration of the collector, or take the route /.well-known/outcry-nel away.',
  },
  nel_content_type: {
    status: 415,
    title: 'The upload is not of the type application/reports+json.',
    remedy: 'Only browsers send here; see docs/reference/http.md.',
  },
  nel_too_large: {
    status: 413,
    title: 'The upload is longer than 256 KiB.',
    remedy: 'Only browsers send here; see docs/reference/http.md.',
  },
  nel_bad_reports: {
    status: 400,
    title: 'The upload is not a JSON list of reports.',
    remedy: 'Only browsers send here; see docs/reference/http.md.',
  },
} as const satisfies Record<string, ErrorEntry>;

const HTTP = {
  not_found: { status: 404, title: 'There is nothing at this address.', remedy: 'See docs/reference/http.md for the routes.' },
  method_not_allowed: {
    status: 405,
    title: 'This address does not take this method.',
    remedy: 'See docs/reference/http.md for the routes.',
  },
  bad_parameter: {
    status: 400,
    title: 'A parameter is missing or out of its bounds.',
    remedy: 'The detail names it; see docs/reference/http.md.',
  },
  origin_refused: {
    status: 403,
    title: 'A web page may not write here.',
    remedy: 'Send it from a program on this machine, without an Origin header.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'The body is not of a media type or coding that is taken here.',
    remedy: 'The detail names what is; see docs/reference/http.md.',
  },
  malformed_body: {
    status: 400,
    title: 'The body is not what its media type says.',
    remedy: 'See docs/reference/http.md; nothing of it was stored.',
  },
  body_too_long: {
    status: 413,
    title: 'The body is longer than may be.',
    remedy: 'Send fewer samples at once; the bound is in docs/reference/http.md.',
  },
  spike_not_found: {
    status: 404,
    title: 'There is no spike of this id.',
    remedy: 'Spikes are kept 400 days; list them at /api/v1/spikes.',
  },
  storage_unavailable: { status: 503, title: 'Storage does not answer.', remedy: 'Try again; see outcry_storage_up at /metrics.' },
  internal_error: { status: 500, title: 'Something failed here that should not have.', remedy: 'The log of the process has the details.' },
} as const satisfies Record<string, ErrorEntry>;

const SDK = {
  OUTCRY_BAD_OPTION: {
    status: 0,
    title: 'An option of init is missing, of a wrong type or out of its bounds.',
    remedy: 'The message names the option; see docs/reference/sdk.md.',
  },
  OUTCRY_BAD_COLLECTOR_URL: {
    status: 0,
    title: 'A collector is not an absolute https URL without path.',
    remedy: 'Use an origin such as https://c1.example.net; http is allowed on loopback only.',
  },
  OUTCRY_BAD_PUBLIC_KEY: {
    status: 0,
    title: 'recipientKey or configKey is not 32 bytes of base64url.',
    remedy: 'Copy the public key that `outcry keygen` printed.',
  },
  OUTCRY_BAD_RECEIPT: {
    status: 0,
    title: 'The consent receipt is incomplete or malformed.',
    remedy: 'Pass { text, textHash, at, method } as docs/reference/sdk.md says.',
  },
  OUTCRY_CONSENT_WITHOUT_RECEIPT: {
    status: 0,
    title: "Consent was passed as 'granted' without the user's receipt.",
    remedy: 'Ask the user and pass the receipt of that decision.',
  },
} as const satisfies Record<string, ErrorEntry>;

const COMMAND = {
  OUTCRY_BAD_CONFIG: {
    status: 0,
    title: 'The configuration has wrong values.',
    remedy: 'Each wrong value is named with its bounds; see docs/reference/configuration.md.',
  },
  OUTCRY_KEY_ID_CLASH: {
    status: 0,
    title: 'Two live recipient keys have the same key id.',
    remedy: 'Make one of them anew with `outcry keygen`.',
  },
  OUTCRY_PORT_TAKEN: { status: 0, title: 'A port is taken by another process.', remedy: 'Stop that process or set another port.' },
  OUTCRY_DATA_DIR: {
    status: 0,
    title: 'The data directory cannot be written, or everybody may write there.',
    remedy: 'Set OUTCRY_DATA_DIR to a directory that this user can write, and others cannot.',
  },
  OUTCRY_DATA_DIR_LOCKED: {
    status: 0,
    title: 'Another process uses the data directory.',
    remedy: 'Stop it, or set another OUTCRY_DATA_DIR.',
  },
  OUTCRY_JOURNAL_DAMAGED: {
    status: 0,
    title: 'The journal of a collector is damaged, cut off or gone; nothing was changed.',
    remedy: 'Bring its file back, or move the directory journal/ aside and start again: docs/reference/collector.md says what it held.',
  },
  OUTCRY_ENGINE_MISSING: {
    status: 0,
    title: 'There is no embedded engine for this platform.',
    remedy: 'Set OUTCRY_STORAGE_URL to a ClickHouse server.',
  },
  OUTCRY_STORAGE_UNREACHABLE: {
    status: 0,
    title: 'The ClickHouse server does not answer.',
    remedy: 'Check OUTCRY_STORAGE_URL and the server.',
  },
  OUTCRY_STORAGE_TOO_OLD: {
    status: 0,
    title: 'The ClickHouse server is older than 24.8.',
    remedy: 'Use a newer server or the embedded engine.',
  },
} as const satisfies Record<string, ErrorEntry>;

export const ERRORS = { ...UPLOAD_FINAL, ...UPLOAD_RETRY, ...NEL, ...HTTP, ...SDK, ...COMMAND } as const;
export type ErrorCode = keyof typeof ERRORS;
