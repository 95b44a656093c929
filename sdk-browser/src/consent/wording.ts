/**
 * What the user is asked, in plain words. Whoever changes a word raises the version. `FIELD_WORDS` says what every field on the wire
 * tells; a test fails when one is missing.
 */

/** The version that goes into the receipt. */
export const WORDING_VERSION = 'outcry-3';

export interface Particulars {
  /** Who runs the app. */
  readonly operator: string;
  /** Days after which single reports are deleted by the operator. */
  readonly retentionDays: number;
  /** Origins that reports are sent to. */
  readonly receivers: readonly string[];
  /** Origins whose failures the browser itself will report, if any. */
  readonly nel?: readonly string[];
  /** Where to read more and to decide anew. */
  readonly privacyUrl: string;
}

export interface Wording {
  readonly version: string;
  readonly title: string;
  readonly paragraphs: readonly string[];
  readonly fieldsTitle: string;
  readonly fields: readonly string[];
  readonly yes: string;
  readonly no: string;
}

/** What a report says, with the fields of the wire format that each line stands for. */
export const FIELD_WORDS: readonly (readonly [words: string, fields: readonly string[]])[] = [
  ['when it happened, to ten seconds, and how long it took, roughly', ['occurred_at', 'elapsed_ms', 'span_s']],
  [
    'which of our servers was asked and how, never which address on it',
    ['host', 'scheme', 'method', 'resource', 'protocol', 'status_code'],
  ],
  ['which part of the app asked, from a list of our own', ['route']],
  ['what seems to have failed, and how sure that is', ['phase', 'type', 'kind', 'confidence_pct']],
  ['how often it was repeated', ['count', 'sampling_ppm']],
  ['whether the device was online, and over which sort of connection', ['online', 'connection']],
  ['your network operator and country, never your network address', ['claimed_asn', 'claimed_country', 'claim_age']],
  ['the app and its version', ['source', 'project', 'release', 'sdk_version', 'diagnosis_version']],
  ['the sort of browser and system', ['runtime', 'runtime_major', 'os']],
  ['how many requests worked and failed, in steps of five minutes', ['bin_start', 'made', 'succeeded', 'failed', 'aborted', 'panel_ppm']],
  [
    'which receiver could be reached, and what was lost on the way',
    ['sent_at', 'collector', 'failed_collectors', 'tries', 'later_retry', 'reason', 'bucket'],
  ],
  ['that you agreed, to which text and on which day', ['consent_text', 'consent_method', 'text', 'text_hash', 'granted_day']],
];

/** The text in English. An app with other languages passes its own wording with its own version. */
export function wordingFor({ operator, retentionDays, receivers, nel = [], privacyUrl }: Particulars): Wording {
  return {
    version: WORDING_VERSION,
    title: 'May this app report connection problems?',
    paragraphs: [
      `When this app cannot reach the servers of ${operator}, nobody there can see it. If you agree, the app notes such a failure, seals the note so that only ${operator} can open it, and sends it to: ${receivers.join(', ')}.`,
      `To find out what is wrong, it may also ask these receivers and the failing server for a short sign of life.`,
      ...(nel.length > 0
        ? [
            `Where your browser can (Chrome, Edge), the app also asks it to report failures of ${nel.join(', ')} by itself. The browser sends these reports to the same receivers over an encrypted connection, though not sealed, and for up to a day after your last visit. They name the address that was asked for, the page, the server's network address and the browser; the receivers throw that away before they store anything. If you change your mind, the app tells the browser to stop.`,
          ]
        : []),
      `The receivers see your network address while they are talked to, as every server does. They keep the network operator and the country, and forget the address. Single reports are deleted after ${retentionDays === 1 ? 'one day' : `${retentionDays} days`}. No report holds your name, an identifier of yours or of this device, what you look at or what you type.`,
      `You can change your mind at any time: ${privacyUrl}. What is still waiting on this device is then deleted at once.`,
    ],
    fieldsTitle: 'A report says:',
    fields: FIELD_WORDS.map(([words]) => words),
    yes: 'Yes, report problems',
    no: 'No, do not report',
  };
}

/** The shown text as it is hashed: every line that the user sees, in order. */
export function shownText({ title, paragraphs, fieldsTitle, fields, yes, no }: Wording): string {
  return [title, ...paragraphs, fieldsTitle, ...fields, yes, no].join('\n');
}

/**
 * base64url SHA-256 of a text.
 *
 * @param subtle - Undefined where the browser keeps it back, as on plain http. Rejects where our own SHA-256 cannot be loaded then.
 */
export async function hashOf(text: string, subtle: SubtleCrypto | undefined): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  const digest = subtle ? new Uint8Array(await subtle.digest('SHA-256', bytes)) : (await import('./sha256.js')).sha256(bytes);
  return btoa(String.fromCharCode(...digest))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=/g, '');
}
