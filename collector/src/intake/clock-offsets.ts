/**
 * How far devices' clocks are off. An envelope that holds a delivery record whose `sent_at` is at most 60 s before its own
 * `sealed_at` was sealed while the device was online, so received − sealed is the offset plus the way here. A later retry only
 * adds to that, so the smallest one seen counts. Kept in memory for the signer's UTC day.
 */
import type { BodyFacts } from '@outcry/protocol/open';
import { recent } from './token-bucket.js';

/** What of an envelope speaks of its device's clock. */
export type ClockEvidence = Pick<BodyFacts, 'sealedAt' | 'sentAt'>;

const ONLINE_WITHIN_S = 60;
/** Times travel in steps of 10 s and envelopes take a while: less than this is not called an offset. */
const SMALLEST_OFFSET_S = 30;

export interface ClockOffsets {
  /**
   * Learns from one envelope and gives what is known of its signer's clock.
   *
   * @param signer - the signer id, which is one device's on one UTC day.
   * @returns seconds to add to the device's times, 0 when its clock is right, undefined when nothing is known.
   */
  learn(signer: bigint, evidence: ClockEvidence, receivedAtS: number): number | undefined;
}

/** Whether the envelope was sealed just after a successful delivery. Pure. */
export function sealedOnline({ sealedAt, sentAt }: ClockEvidence): boolean {
  return sentAt.some((at) => at <= sealedAt && sealedAt - at <= ONLINE_WITHIN_S);
}

/** @param capacity - signers remembered; the oldest is forgotten first. */
export function clockOffsets(capacity: number): ClockOffsets {
  const offsets = recent<bigint, { offsetS: number | undefined }>(capacity, () => ({ offsetS: undefined }));
  return {
    learn(signer, evidence, receivedAtS) {
      const known = offsets.peek(signer)?.offsetS;
      if (!sealedOnline(evidence)) return known;
      const measured = receivedAtS - evidence.sealedAt;
      const offset = Math.abs(measured) < SMALLEST_OFFSET_S ? 0 : measured;
      if (known !== undefined && known <= offset) return known;
      offsets.of(signer).offsetS = offset;
      return offset;
    },
  };
}
