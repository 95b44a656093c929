import { CONSENT_METHODS, OutcryError, RELEASE_PATTERN } from '@outcry/protocol';
import type { Platform } from './platform.js';
import type { Receipt } from './types.js';

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/**
 * Checks the receipt of a granted consent.
 *
 * @param receipt - As the app passed it. In Node none stands for the operator's own decision, stamped `operator`.
 * @returns A copy with the four known members.
 * @throws OutcryError OUTCRY_CONSENT_WITHOUT_RECEIPT in a browser without one; OUTCRY_BAD_RECEIPT naming the member.
 */
export function checkReceipt(receipt: unknown, source: Platform['source']): Receipt {
  const machine = source === 'sdk-node';
  if (receipt === undefined || receipt === null) {
    if (!machine) throw new OutcryError('OUTCRY_CONSENT_WITHOUT_RECEIPT');
    return { text: 'operator', textHash: '', at: new Date().toISOString(), method: 'operator' };
  }
  const { text, textHash, at, method } = receipt as Record<keyof Receipt, unknown>;
  const operator = machine && method === 'operator';
  const wrong =
    typeof text !== 'string' || !RELEASE_PATTERN.test(text)
      ? 'text'
      : typeof textHash !== 'string' || !(/^[\w-]{43}$/.test(textHash) || (operator && !textHash))
        ? 'textHash'
        : typeof at !== 'string' || !RFC3339.test(at) || !(Date.parse(at) >= 0)
          ? 'at'
          : !(CONSENT_METHODS as readonly unknown[]).includes(method) || (method === 'operator' && !machine)
            ? 'method'
            : undefined;
  if (wrong) throw new OutcryError('OUTCRY_BAD_RECEIPT', wrong);
  return { text, textHash, at, method } as Receipt;
}
