/** What an envelope says, in plain words, for the page that shows what was sent. */
import type { Attempts, Consent, Delivery, Failure, LossReason } from '@outcry/protocol';

function inWords(failure: Failure): string {
  const { count, host, kind, method, occurred_at, scheme, type } = failure;
  const time = new Date(occurred_at * 1_000).toISOString().slice(11, 19);
  return `${time} UTC, ${method} ${scheme}://${host}: ${kind} (${type})${count > 1 ? `, ${count} times` : ''}`;
}

interface Records {
  readonly failures: readonly Failure[];
  readonly attempts: readonly Attempts[];
  readonly deliveries: readonly Delivery[];
  readonly losses: ReadonlyMap<LossReason, number>;
  readonly consents: readonly Consent[];
}

/** One sentence per record. Never throws. */
export function wordsOf({ failures, attempts, deliveries, losses, consents }: Records): string[] {
  return [
    ...failures.map(inWords),
    ...attempts.map(({ host, made, failed }) => `${host}: ${made} requests, ${failed} failed`),
    ...deliveries.map(({ collector }) => `an earlier report reached ${collector}`),
    ...[...losses.keys()].map((reason) => `reports lost: ${reason}`),
    ...consents.map(({ text }) => `consent was given to text ${text}`),
  ];
}
