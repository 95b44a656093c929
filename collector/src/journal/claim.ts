/** One collector per directory: the one whose mark stands in the journal. Its workers share the mark of the process that started them. */
import { randomBytes } from 'node:crypto';
import { OutcryError } from '@outcry/protocol';
import type { Environment } from './environment.js';
import { isRunning, ownMark, type ProcessMark } from './process-identity.js';

/** Who a directory belongs to while that process runs. */
export interface Claimant extends ProcessMark {
  readonly owner: string;
}

export interface Claim {
  /** Whether another worker of the same collector had it before. */
  readonly isShared: boolean;
  /** Gives the directory back, so that a collector of the same process may have it again. */
  release(): Promise<void>;
}

const KEY = 'collector';

export const newClaimant = (): Claimant => ({ owner: randomBytes(8).toString('hex'), ...ownMark() });

/**
 * Takes the directory. A mark that a killed collector left does not count: its process does not run.
 *
 * Rejects with `OUTCRY_DATA_DIR_LOCKED` while another collector runs on it.
 */
export async function claimJournal({ root, meta }: Environment, claimant: Claimant): Promise<Claim> {
  const read = (): Claimant | undefined => {
    const bytes = meta.get(KEY);
    return bytes === undefined ? undefined : (JSON.parse(bytes.toString()) as Claimant);
  };
  const result = await root.transaction(() => {
    const present = read();
    if (present?.owner === claimant.owner) return 'shared';
    if (present !== undefined && isRunning(present)) return 'refused';
    void meta.put(KEY, Buffer.from(JSON.stringify(claimant)));
    return 'taken';
  });
  if (result === 'refused') throw new OutcryError('OUTCRY_DATA_DIR_LOCKED');
  return {
    isShared: result === 'shared',
    async release() {
      await root.transaction(() => {
        if (read()?.owner === claimant.owner) void meta.remove(KEY);
      });
    },
  };
}
