/**
 * Verifying signatures: at once while little waits, on the thread pool when much comes together, and a bounded number there.
 * The thread pool costs a third more processor time (handing over, waking up, coming back), but leaves the event loop free.
 */
import { verifyEnvelope, verifyEnvelopeNow } from '@outcry/protocol/open';

export interface Verifier {
  /** Whether as many signatures are on the thread pool as may be. */
  readonly isFull: () => boolean;
  /** Whether an envelope's signature is its signer's; a promise when that is found out on the thread pool. */
  verify(bytes: Buffer): boolean | Promise<boolean>;
}

/** At 0.1 ms each this is how long the event loop is held, once a turn. */
const AT_ONCE_PER_TURN = 32;

/**
 * @param maxVerifying - signatures on the thread pool at once.
 * @param atOncePerTurn - signatures verified in the event loop's own thread before it has to come round.
 */
export function verifierOf(maxVerifying: number, atOncePerTurn: number = AT_ONCE_PER_TURN): Verifier {
  let verifying = 0;
  let left = atOncePerTurn;
  let isTurnCounted = false;

  const newTurn = (): void => {
    left = atOncePerTurn;
    isTurnCounted = false;
  };
  const inPool = async (bytes: Buffer): Promise<boolean> => {
    verifying += 1;
    try {
      return await verifyEnvelope(bytes);
    } finally {
      verifying -= 1;
    }
  };

  return {
    isFull: () => verifying >= maxVerifying,
    verify(bytes) {
      if (left === 0) return inPool(bytes);
      left -= 1;
      if (!isTurnCounted) {
        isTurnCounted = true;
        setImmediate(newTurn);
      }
      return verifyEnvelopeNow(bytes);
    },
  };
}
