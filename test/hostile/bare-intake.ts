/** The intake of a collector without its server, on a real journal, with limits that nothing here reaches. */
import { join } from 'node:path';
import { loadRecipientKeys } from '@outcry/protocol/open';
import { clockOffsets } from '../../collector/src/intake/clock-offsets.js';
import { crowds } from '../../collector/src/intake/crowds.js';
import { intake, type Receive } from '../../collector/src/intake/receive.js';
import { registryOf } from '../../collector/src/intake/registry.js';
import { releaseCap } from '../../collector/src/intake/release-cap.js';
import { senderLimits } from '../../collector/src/intake/sender-limits.js';
import { openJournal, type Journal } from '../../collector/src/journal/journal.js';
import { DEFAULT_LIMITS } from '../../collector/src/limits.js';
import { HOST, KEY } from '../unit/collector/sealed.js';

/** @param directory - Where the journal is made. Faults of the journal are thrown. */
export async function openBareIntake(directory: string): Promise<{ journal: Journal; receive: Receive }> {
  const journal = await openJournal(join(directory, 'journal.lmdb'), { maxEntries: 1e6, maxBytes: 1e9 });
  const receive = intake({
    keys: loadRecipientKeys([KEY]),
    limits: senderLimits({ ...DEFAULT_LIMITS, uploadsPerSecond: 1e6, uploadBurst: 1e6, signersPerHour: 4096 }),
    registry: registryOf({ shop: { hosts: [HOST], stage: 'production' } }),
    capRelease: releaseCap(200, journal),
    offsets: clockOffsets(100),
    crowdOf: crowds(100),
    journal,
    maxVerifying: 64,
    hasRoom: () => true,
    now: Date.now,
    onJournalError: (error) => {
      throw error;
    },
  });
  return { journal, receive };
}
