/**
 * One upload, from its bytes to the journal. The order is the design: what costs nothing comes first, cryptography after the
 * sender's allowance, and nothing of an envelope is parsed before it has been opened.
 */
import { checkDay, OutcryError, parseHeader, type ErrorCode } from '@outcry/protocol';
import { decodeValues, dedupKey, encodeValues, openEnvelope, signerId, type RecipientKeys } from '@outcry/protocol/open';
import { packEntry, rowCount } from '../journal/entry.js';
import type { Journal } from '../journal/journal.js';
import type { Sender } from '../network/sender.js';
import { deliveredAt, hostsOf, keepKnown, projectOf, releaseOf } from './body-facts.js';
import type { ClockOffsets } from './clock-offsets.js';
import type { PrefixLimits } from './prefix-limits.js';
import type { Registry } from './registry.js';
import type { CapRelease } from './release-cap.js';
import { verifierOf } from './verifier.js';

export interface Outcome {
  readonly code: 'stored' | 'duplicate' | ErrorCode;
  /** Seconds that a sender should wait; 0 for none. */
  readonly retryAfterS: number;
  /** Failures stored. */
  readonly reports: number;
  /** Rows that the drainer will have to insert. */
  readonly rows: number;
  readonly unknownFields: number;
}

export interface IntakeParts {
  readonly keys: RecipientKeys;
  readonly limits: PrefixLimits;
  readonly registry: Registry;
  readonly capRelease: CapRelease;
  readonly offsets: ClockOffsets;
  readonly journal: Journal;
  /** Signatures on the thread pool at once. */
  readonly maxVerifying: number;
  /** Whether the journal has room, on its disk and by its limits. */
  readonly hasRoom: () => boolean;
  readonly now: () => number;
  /** Told of failures of the journal, which are ours and not the sender's. */
  readonly onJournalError: (error: unknown) => void;
}

export type Receive = (bytes: Buffer, sender: Sender) => Promise<Outcome>;

const BUSY_RETRY_S = 2;
const FULL_RETRY_S = 60;

const refused = (code: ErrorCode, retryAfterS = 0): Outcome => ({ code, retryAfterS, reports: 0, rows: 0, unknownFields: 0 });
const DUPLICATE: Outcome = { code: 'duplicate', retryAfterS: 0, reports: 0, rows: 0, unknownFields: 0 };

/** Makes the intake. What it returns never rejects, except for faults of ours (`internal_error` to the sender). */
export function intake(parts: IntakeParts): Receive {
  const { keys, limits, registry, capRelease, offsets, journal } = parts;
  const verifier = verifierOf(parts.maxVerifying);

  const receive: Receive = async (bytes, sender) => {
    const nowMs = parts.now();
    const header = parseHeader(bytes);
    if (!keys.has(bytes.readUInt32BE(4))) return refused('unknown_key');
    checkDay(header, nowMs);
    const waitS = limits.take(sender.prefixKey, header.signer, nowMs);
    if (waitS > 0) return refused('rate_limited', waitS);
    const dedup = dedupKey(bytes);
    if (journal.has(header.day, dedup)) {
      await journal.confirm(dedup).catch((error: unknown) => {
        parts.onJournalError(error);
        throw new OutcryError('journal_full');
      });
      return DUPLICATE;
    }
    if (!parts.hasRoom()) return refused('journal_full', FULL_RETRY_S);
    if (verifier.isFull()) return refused('overloaded', BUSY_RETRY_S);
    const body = openEnvelope(bytes, keys);
    const { values, unknownFields } = decodeValues(body);
    const project = registry.admit(projectOf(values), hostsOf(values));
    const verified = verifier.verify(bytes);
    if (!(typeof verified === 'boolean' ? verified : await verified)) return refused('bad_signature');

    const receivedAtS = Math.floor(nowMs / 1000);
    const signer = signerId(header.day, header.signer);
    const development = project.stage === 'development';
    const kept = keepKnown(values, capRelease(project.name, releaseOf(values), nowMs), project.routes);
    const rows = rowCount(values, development);
    const entry = packEntry({
      receivedAtS,
      sealedDay: header.day,
      dedup,
      signer,
      network: sender.label.network,
      country: sender.label.country,
      offsetS: offsets.learn(signer, { sealed_at: values.sealedAt, deliveries: deliveredAt(values) }, receivedAtS) ?? null,
      development,
      rows,
      // Where nothing was changed and nothing not understood, the bytes that came hold just what was checked.
      body: kept === values && unknownFields === 0 ? body : encodeValues(kept),
    });
    try {
      if (!(await journal.add(header.day, dedup, entry))) return DUPLICATE;
    } catch (error) {
      parts.onJournalError(error);
      return refused('journal_full', FULL_RETRY_S);
    }
    return { code: 'stored', retryAfterS: 0, reports: values.failures.length, rows, unknownFields };
  };

  return async (bytes, sender) => {
    try {
      return await receive(bytes, sender);
    } catch (error) {
      if (error instanceof OutcryError) return refused(error.code, error.code === 'journal_full' ? FULL_RETRY_S : 0);
      throw error;
    }
  };
}
