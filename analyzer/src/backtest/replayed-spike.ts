/** What a replay says of a spike. */
import type { SpikeRecord } from '../watch/spike-record.js';
import type { Words } from './judgement.js';

export interface ReplayedSpike {
  readonly record: SpikeRecord;
  /** What was said of it when it was told first. */
  readonly first: Words;
  /** Virtual time of the round that told it first, s. */
  readonly reportedS: number;
}
