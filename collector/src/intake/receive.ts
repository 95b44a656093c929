/**
 * One upload, from its bytes to the journal. The order is the design: what costs nothing comes first, cryptography after the
 * sender's allowance, and nothing of an envelope is parsed before it has been opened.
 */
import { checkDay, OutcryError, parseHeader, type ErrorCode } from '@outcry/protocol';
import {
  decodeValues,
  dedupKey,
  encodeValues,
  openEnvelope,
  signerId,
  skimBody,
  type BodyFacts,
  type RecipientKeys,
} from '@outcry/protocol/open';
import { packEntry } from '../journal/entry.js';
import type { Journal } from '../journal/journal.js';
import type { Sender } from '../network/sender.js';
import { factsOf, isAllKept, keepKnown } from './body-facts.js';
import type { ClockOffsets } from './clock-offsets.js';
import type { CrowdOf } from './crowds.js';
import { clockTrust } from './clock-trust.js';
import { journalRefusal } from './journal-refusal.js';
import type { Registry } from './registry.js';
import type { CapRelease } from './release-cap.js';
import type { SenderLimits } from './sender-limits.js';
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
  readonly limits: SenderLimits;
  readonly registry: Registry;
  readonly capRelease: CapRelease;
  readonly offsets: ClockOffsets;
  readonly crowdOf: CrowdOf;
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
const CLOCK_RETRY_S = 600;

const refused = (code: ErrorCode, retryAfterS = 0): Outcome => ({ code, retryAfterS, reports: 0, rows: 0, unknownFields: 0 });
const DUPLICATE: Outcome = { code: 'duplicate', retryAfterS: 0, reports: 0, rows: 0, unknownFields: 0 };

/** Checks a body: in one pass where it is what agents of today write, else by decoding it. Throws what `decodeValues` throws. */
function read(body: Uint8Array): { facts: BodyFacts; unknownFields: number } {
  const facts = skimBody(body);
  if (facts !== undefined) return { facts, unknownFields: 0 };
  const { values, unknownFields } = decodeValues(body);
  return { facts: factsOf(values), unknownFields };
}

/** Makes the intake. What it returns never rejects, except for faults of ours (`internal_error` to the sender). */
export function intake(parts: IntakeParts): Receive {
  const { keys, limits, registry, capRelease, offsets, crowdOf, journal } = parts;
  const verifier = verifierOf(parts.maxVerifying);
  const clock = clockTrust(parts.now(), journal.newestDay());
  /** What the journal writes: the failure is ours then, and the sender comes back. */
  const written = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      if (journal.commits.isSound()) parts.onJournalError(error);
      throw new OutcryError(journalRefusal(journal, parts.hasRoom) ?? 'journal_full');
    }
  };

  const receive: Receive = async (bytes, sender) => {
    const nowMs = parts.now();
    const header = parseHeader(bytes);
    if (!keys.has(bytes.readUInt32BE(4))) return refused('unknown_key');
    checkDay(header, nowMs);
    const waitS = limits.take(sender, header.signer, nowMs);
    if (waitS > 0) return refused('rate_limited', waitS);
    if (!journal.commits.isSound()) return refused(journalRefusal(journal, parts.hasRoom) ?? 'journal_unsafe', FULL_RETRY_S);
    const dedup = dedupKey(bytes);
    if (journal.has(header.day, dedup)) {
      await written(journal.confirm(dedup));
      return DUPLICATE;
    }
    if (!parts.hasRoom()) return refused('journal_full', FULL_RETRY_S);
    if (verifier.isFull()) return refused('overloaded', BUSY_RETRY_S);
    const body = openEnvelope(bytes, keys);
    const { facts, unknownFields } = read(body);
    const project = registry.admit(facts.project, facts.hosts);
    const verified = verifier.verify(bytes);
    if (!(typeof verified === 'boolean' ? verified : await verified)) return refused('bad_signature');
    limits.countSigner(sender, header.signer, nowMs);

    clock.compare(header.day, nowMs);
    const receivedAtS = Math.floor(nowMs / 1000);
    const signer = signerId(header.day, header.signer);
    const development = project.stage === 'development';
    const capped = capRelease(project.name, facts.release, nowMs);
    const release = typeof capped === 'string' ? capped : await written(capped);
    const failed = facts.hosts.slice(0, facts.failedHosts);
    const crowd = crowdOf(sender, project.name, failed, signer, nowMs);
    // Where nothing was changed and nothing not understood, the bytes that came hold just what was checked.
    const asItCame = unknownFields === 0 && isAllKept(facts, release, project.routes);
    const rows = development ? facts.failures : facts.failures + facts.others;
    const entry = packEntry({
      receivedAtS,
      sealedDay: header.day,
      dedup,
      signer,
      network: sender.label.network,
      country: sender.label.country,
      offsetS: offsets.learn(signer, facts, receivedAtS) ?? null,
      development,
      crowd: typeof crowd === 'string' ? crowd : await crowd,
      rows,
      body: asItCame ? body : encodeValues(keepKnown(decodeValues(body).values, release, project.routes)),
    });
    if (!(await written(journal.add(header.day, dedup, entry)))) return DUPLICATE;
    return { code: 'stored', retryAfterS: 0, reports: facts.failures, rows, unknownFields };
  };

  return async (bytes, sender) => {
    try {
      return await receive(bytes, sender);
    } catch (error) {
      if (!(error instanceof OutcryError)) throw error;
      if (error.code === 'stale_envelope' && !clock.isSure(parts.now())) return refused('clock_unsure', CLOCK_RETRY_S);
      return refused(error.code, error.code === 'journal_full' || error.code === 'journal_unsafe' ? FULL_RETRY_S : 0);
    }
  };
}
