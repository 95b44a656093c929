/** The public types of both agents. Bounds and defaults of every option stand in `docs/reference/sdk.md`. */
import type { Attempts, Consent, ConsentMethod, Context, Delivery, Failure, Loss, LossReason } from '@outcry/protocol';

export type ConsentState = 'unknown' | 'granted' | 'denied';

/** What the user was shown and decided. */
export interface Receipt {
  /** The version of the shown text, such as `v3`; 1 to 40 characters of `[0-9A-Za-z.+_-]`. */
  readonly text: string;
  /** base64url SHA-256 of the shown text, 43 characters; may be empty for `method: 'operator'`. */
  readonly textHash: string;
  /** When, RFC 3339. */
  readonly at: string;
  readonly method: ConsentMethod;
}

export interface OutcryOptions {
  /** The watched app, as the collectors know it. */
  readonly project: string;
  readonly release: string;
  /** The watched host names. Requests to other hosts are never looked at. */
  readonly hosts: readonly string[];
  /** Origins of the collectors, in no order. */
  readonly collectors: readonly string[];
  /** The public key that reports are sealed for, 32 bytes in base64url. */
  readonly recipientKey: string;
  /** Witness URLs; default: `/v1/witness` of every collector. */
  readonly witnesses?: readonly string[];
  /** Alternative ways to a watched host, by host. */
  readonly landmarks?: Readonly<Record<string, readonly string[]>>;
  /**
   * Origins of watched hosts whose Network Error Logging policy is fetched after consent, so that the browser itself reports failures
   * to the collectors, and taken back on withdrawal. Browsers only.
   */
  readonly nel?: readonly string[];
  /** Public key of signed configuration, 32 bytes in base64url. */
  readonly configKey?: string;
  readonly minConfigVersion?: number;
  /** The decision already taken; `granted` needs `receipt` (in Node it may be the operator's own, without one). */
  readonly consent?: ConsentState;
  readonly receipt?: Receipt;
  /** Route patterns that may be named in reports, such as `/cart/:id`. */
  readonly routes?: readonly string[];
  /** Report answers of status 400 to 499 too. */
  readonly count4xx?: boolean;
  /** The share of failures reported, or both shares: of failures, and of devices that report attempts. */
  readonly sample?: number | { readonly reports?: number; readonly attempts?: number };
  readonly maxBytesPerDay?: number;
  /** May return null to drop a failure, or a copy with fields made coarser. Anything else it changes is ignored. */
  readonly beforeSend?: (failure: Failure) => Failure | null;
  /** Say on the console what is done. */
  readonly debug?: boolean;
  /** Where the queue rests: the name of the browser's database, or in Node a directory. */
  readonly store?: string;
  /** Browsers: the app's service worker calls `deliverWhenGone` of `@outcry/browser/worker`, so what waits when the page goes is left to it. */
  readonly worker?: boolean;
}

/** A failure that the app itself tells of. */
export interface ReportInput {
  readonly host: string;
  /** A failure type such as `http.error`; default `unknown`. */
  readonly type?: string;
  readonly scheme?: string;
  readonly method?: string;
  /** One of the `routes` of init. */
  readonly route?: string;
  readonly elapsedMs?: number;
  readonly statusCode?: number;
}

/** The records of one envelope, in plain data. */
export interface PreviewBody {
  readonly context: Context;
  readonly failures: readonly Failure[];
  readonly attempts: readonly Attempts[];
  readonly deliveries: readonly Delivery[];
  readonly losses: readonly Loss[];
  readonly consents: readonly Consent[];
}

export interface Preview {
  readonly consent: ConsentState;
  /** Every origin that the agent may ever contact. */
  readonly receivers: readonly string[];
  /** Origins for which the browser's own failure reports are switched on while consent is given. */
  readonly nel: readonly string[];
  /** The `connect-src` sources to add to a content security policy. */
  readonly csp: string;
  /** The names of all fields, by section. */
  readonly fields: Readonly<Record<keyof PreviewBody, readonly string[]>>;
  /** What the next envelope would hold if it were sealed now. */
  readonly next: PreviewBody;
}

export interface SentEntry {
  readonly sentAtMs: number;
  readonly collector: string;
  readonly bytes: number;
  /** What it said, one plain sentence per record; empty for what an earlier page or process sealed. */
  readonly words: readonly string[];
}

export interface FlushResult {
  readonly delivered: number;
  readonly dropped: number;
  /** Envelopes still waiting. */
  readonly kept: number;
}

export interface PendingCounts {
  /** Failures not yet sealed. */
  readonly unsealed: number;
  readonly envelopes: number;
  readonly bytes: number;
}

/** What `init` gives back. Apart from `setConsent` with a malformed receipt nothing here throws or rejects. */
export interface Outcry {
  readonly consent: ConsentState;
  /**
   * Takes the user's decision. `granted` starts recording; anything else erases everything and stops, and resolves when that is done.
   * Rejects with `OUTCRY_BAD_RECEIPT` or `OUTCRY_CONSENT_WITHOUT_RECEIPT`; the state is then unchanged.
   */
  readonly setConsent: (state: ConsentState, receipt?: Receipt) => Promise<void>;
  /** What would be sent, to whom. */
  readonly preview: () => Preview;
  /** The last 50 deliveries of this page or process. */
  readonly sent: () => SentEntry[];
  readonly report: (input: ReportInput) => void;
  /** Seals what is folded and tries every waiting envelope once. */
  readonly flush: () => Promise<FlushResult>;
  readonly pending: () => Promise<PendingCounts>;
  /** Seals what is folded, tries once, stops all timers. Consent and queue stay. */
  readonly close: () => Promise<void>;
}

export type { LossReason };
