import { lossBucket } from '@outcry/protocol';
import type { Loss, LossReason } from '@outcry/protocol';

export type LossCounts = Map<LossReason, number>;

/** Everything lost is counted by reason; only the order of magnitude is sent. */
export function lossRecords(counts: LossCounts): Loss[] {
  return [...counts].map(([reason, count]) => ({ reason, bucket: lossBucket(count) }));
}

export function addLoss(counts: LossCounts, reason: LossReason, count = 1): void {
  counts.set(reason, (counts.get(reason) ?? 0) + count);
}
