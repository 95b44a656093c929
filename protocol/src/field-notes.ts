/**
 * Why each field exists, what it says about a person, how long it is kept and which column it becomes. Bound to the field
 * tables by type: a field without a note, or a note without a field, does not compile. For collectors and docs; agents never import it.
 */
import type { EnvelopeHeader } from './envelope.js';
import type { ATTEMPT_FIELDS, CONSENT_FIELDS, CONTEXT_FIELDS, DELIVERY_FIELDS, FAILURE_FIELDS, Field, LOSS_FIELDS } from './fields.js';
import { COUNT, note, TIME, WORD, type Note } from './note.js';

export type NotesOf<T extends readonly Field[]> = { readonly [F in T[number] as F['name']]: Note };

export const CONTEXT_NOTES: NotesOf<typeof CONTEXT_FIELDS> = {
  source: note(
    'bookkeeping',
    'rollup',
    WORD,
    'sdk-browser',
    'Keeps series of different origin apart.',
    'Counts of different agents must not be added.',
  ),
  project: note('app', 'rollup', WORD, 'shop', 'Says which app it is about.', 'Rows of several apps share one collector.'),
  release: note(
    'app',
    'rollup',
    WORD,
    '4.2.1',
    'Finds failures that came with a release.',
    'A faulty release looks like an outage otherwise.',
  ),
  runtime: note(
    'environment',
    'row',
    WORD,
    'chrome',
    'Finds failures of one browser family.',
    'The family alone, without the user agent string.',
  ),
  runtime_major: note('environment', 'row', 'UInt16', 156, 'Finds failures that came with a browser version.', 'The major version alone.'),
  os: note('environment', 'row', WORD, 'android', 'Finds failures of one system family.', 'The family alone, without a version.'),
  sdk_version: note(
    'bookkeeping',
    'row',
    WORD,
    '0.1.0',
    'Finds faults of the agent itself.',
    'A wrong report is traced to the version that made it.',
  ),
  diagnosis_version: note(
    'bookkeeping',
    'row',
    'UInt16',
    1,
    'Says which rules made the diagnosis.',
    'Rules change; counts across a change are not comparable.',
  ),
  consent_text: note(
    'consent',
    'row',
    WORD,
    'v3',
    'Says which text the user agreed to.',
    'Rows must be deletable when a text proves wrong.',
  ),
  consent_method: note(
    'consent',
    'row',
    WORD,
    'dialog',
    'Says how consent was given.',
    'A row without lawful consent must be recognisable.',
  ),
};

export const FAILURE_NOTES: NotesOf<typeof FAILURE_FIELDS> = {
  occurred_at: note('event', 'row', TIME, 1_790_000_000, 'Places the failure in time.', 'Floored to 10 s; an outage is a rise in time.'),
  host: note('app', 'rollup', WORD, 'api.shop.example', 'Says which watched host failed.', 'From the list of the developer only.'),
  scheme: note('app', 'row', WORD, 'https', 'Parts plain from encrypted connections.', 'TLS failures exist on one of them only.'),
  method: note('event', 'row', WORD, 'GET', 'Parts reads from writes.', 'Some middleboxes break one of them.'),
  resource: note('event', 'row', WORD, 'fetch', 'Says by what API the request was made.', 'How much a diagnosis can know depends on it.'),
  route: note(
    'event',
    'row',
    WORD,
    'checkout',
    'Says which function of the app failed.',
    "A name from the developer's list; never the requested path.",
  ),
  phase: note('event', 'row', WORD, 'connection', 'Says how far the request came.', 'Name, connection and answer have different owners.'),
  type: note('event', 'row', WORD, 'tcp.timed_out', 'Says what failed.', 'The type points outward or inward.'),
  kind: note('event', 'rollup', WORD, 'routing', 'Says what the failure counts as.', 'Detection works by kind.'),
  confidence_pct: note('event', 'row', 'UInt8', 60, 'Says how sure the diagnosis is.', 'Guesses must not weigh like facts.'),
  elapsed_ms: note(
    'event',
    'row',
    COUNT,
    20_000,
    'Parts refusals from time-outs.',
    'In steps of 1, 2, 5; exact times could tell a device apart.',
  ),
  status_code: note(
    'event',
    'row',
    'UInt16',
    503,
    'Says what the server answered, if it did.',
    'Parts broken answers from missing ones; 0 without an answer.',
  ),
  protocol: note('event', 'row', WORD, 'h2', 'Finds failures of one HTTP version.', 'UDP is often blocked where TCP is not.'),
  online: note(
    'event',
    'row',
    'Bool',
    true,
    'Keeps devices without a network out of the count.',
    'An offline device says nothing about the service.',
  ),
  connection: note('environment', 'row', WORD, 'wifi', 'Parts last-mile failures from others.', 'The sort of link alone.'),
  claimed_asn: note(
    'place',
    'row',
    COUNT,
    3320,
    'Says which network failed when it is no longer the one of delivery.',
    'Known before the failure; ranks causes only.',
  ),
  claimed_country: note('place', 'row', WORD, 'DE', 'Says where that network is.', 'The country alone.'),
  claim_age: note('event', 'row', WORD, '<1h', 'Says how old the network claim is.', 'An old claim must weigh less.'),
  count: note('event', 'rollup', COUNT, 1, 'Counts identical repeats.', 'Sending each would cost the device more and say no more.'),
  span_s: note('event', 'row', COUNT, 0, 'Says how long the repeats went on.', 'A burst is not a lasting failure.'),
  sampling_ppm: note('bookkeeping', 'row', COUNT, 1_000_000, 'Weighs sampled reports.', 'A count of samples is not a count of failures.'),
};

export const ATTEMPT_NOTES: NotesOf<typeof ATTEMPT_FIELDS> = {
  host: note('app', 'row', WORD, 'api.shop.example', 'Says which watched host was asked.', 'From the list of the developer only.'),
  bin_start: note('event', 'row', TIME, 1_790_000_100, 'Places the requests in time.', 'Five-minute bins, no single request.'),
  made: note(
    'event',
    'row',
    COUNT,
    12,
    'Is the denominator of a failure rate.',
    'Ten failures of ten are an outage, of a million are not.',
  ),
  succeeded: note('event', 'row', COUNT, 11, 'Shows that the path worked.', 'The same bin of the same device, so that rates are honest.'),
  failed: note('event', 'row', COUNT, 1, 'Is the numerator of a failure rate.', 'Of the same records as the denominator.'),
  aborted: note('event', 'row', COUNT, 0, 'Keeps abandoned requests out of both.', 'A user who leaves is not a failure.'),
  panel_ppm: note('bookkeeping', 'row', COUNT, 1_000_000, 'Weighs the panel.', 'The panel may be a fraction of all devices.'),
};

export const DELIVERY_NOTES: NotesOf<typeof DELIVERY_FIELDS> = {
  sent_at: note(
    'event',
    'row',
    TIME,
    1_790_000_010,
    "Corrects the device's clock.",
    'Set against the time of arrival; clocks are often wrong.',
  ),
  collector: {
    ...note(
      'bookkeeping',
      'row',
      WORD,
      'c1.example.net',
      'Says which collector took the envelope.',
      'A path that works, beside those that did not.',
    ),
    columnName: 'delivered_to',
  },
  failed_collectors: note(
    'event',
    'row',
    `Array(${WORD})`,
    ['c2.example.org'],
    'Says which collectors could not be reached first.',
    'Evidence of a broken path, independent of the watched host.',
  ),
  tries: note('event', 'row', WORD, '2-9', 'Says how hard delivery was.', 'As an order of magnitude.'),
  later_retry: note(
    'event',
    'row',
    WORD,
    'worked',
    'Says whether the failed request worked later.',
    'Parts short faults from lasting ones.',
  ),
};

export const LOSS_NOTES: NotesOf<typeof LOSS_FIELDS> = {
  reason: note('bookkeeping', 'row', WORD, 'queue_full', 'Says why reports were dropped.', 'Counts that hide their losses mislead.'),
  bucket: note('bookkeeping', 'row', WORD, '2-9', 'Says how many were dropped.', 'As an order of magnitude.'),
};

export const CONSENT_NOTES: NotesOf<typeof CONSENT_FIELDS> = {
  text: note('consent', 'row', WORD, 'v3', 'Says which text was agreed to.', 'Proof that consent was asked for.'),
  text_hash: note('consent', 'row', 'String', '', 'Fixes the words that were shown.', 'A version name can be used twice, a hash cannot.'),
  method: note('consent', 'row', WORD, 'dialog', 'Says how consent was given.', 'A pre-ticked box is no consent.'),
  granted_day: note('consent', 'row', 'UInt16', 20_700, 'Counts consents per day.', 'The day alone; no link to any report.'),
};

/** What an envelope's header and body say besides the records. None of it is stored as it is. */
export const ENVELOPE_NOTES: { readonly [F in keyof EnvelopeHeader | 'sealed_at']: Note } = {
  version: note('bookkeeping', 'never', null, 1, 'Says how to read the envelope.', 'Formats change.'),
  suite: note('bookkeeping', 'never', null, 1, 'Says how it is encrypted.', 'Old platforms lack the first suite.'),
  content: note('bookkeeping', 'never', null, 1, 'Says whether the body is deflated.', 'Not every platform can.'),
  schema: note('bookkeeping', 'never', null, 1, 'Says how to read the body.', 'Formats change.'),
  keyId: note('bookkeeping', 'never', null, '3f9a01c7', "Names the recipient's key.", 'Keys are changed while old envelopes still wait.'),
  envelopeId: note(
    'bookkeeping',
    'never',
    null,
    '14 random bytes',
    'Makes retries of one envelope recognisable.',
    'Random; lives as long as the envelope.',
  ),
  day: note('event', 'row', null, 20_700, 'Bounds how long an envelope can be replayed.', 'The UTC day alone; kept as sealed_day.'),
  ephemeral: note('bookkeeping', 'never', null, '32 bytes', 'Is half of the key exchange.', 'New for every envelope.'),
  signer: note(
    'pseudonym',
    'never',
    null,
    '32 bytes',
    'Counts distinct failing clients of a day.',
    'New every UTC day; only a hash with the day is stored.',
  ),
  sealed_at: note('event', 'never', null, 1_790_000_005, "Corrects the device's clock.", 'Set against the time of arrival, then dropped.'),
};
