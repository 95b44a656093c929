/**
 * Commits of the journal, and whether what its file shows is on its disk. lmdb shows a commit before it flushes it, and Linux tells of a
 * failed flush once: the next one is fine although pages of the first never reached the disk. So after a commit that failed none is made,
 * and nobody is answered, until every page was written and flushed again.
 */
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { getSystemErrorName } from 'node:util';
import { rewriteFile } from './rewrite-file.js';

export interface Commits {
  /** False from a commit that failed until the file is on its disk again. */
  isSound(): boolean;
  /**
   * Makes a commit. Rejects when it fails, or when another one failed meanwhile, which may have been told of an error that was this one's;
   * at once while the file is not sound.
   */
  run<T>(commit: () => Promise<T>): Promise<T>;
  /** Brings the file to its disk. Resolves to whether that worked; else it is tried again by itself. Never rejects. */
  repair(): Promise<boolean>;
  /** Ends the tries to repair. */
  close(): Promise<void>;
}

/** What happens to a file of which a commit failed. */
export interface CommitEvents {
  /** A commit failed. `code` is the system's, or lmdb's. */
  readonly onFailed?: ((code: string) => void) | undefined;
  readonly onRepaired?: (() => void) | undefined;
  /** How long after a failure, or a repair that failed, the next repair begins, in milliseconds. */
  readonly repairAfterMs?: number | undefined;
}

export interface CommitParts extends CommitEvents {
  /** The journal's file. */
  readonly path: string;
  /** Runs its work while no process commits. */
  readonly alone: (work: () => void) => void;
  /** A small commit with its flush: makes what was repaired the state that lmdb goes back to after a power loss. */
  readonly settle: () => Promise<unknown>;
  /** Whether the disk has room for a commit. */
  readonly canWrite: () => boolean;
}

const REPAIR_AFTER_MS = 5_000;
/** Beside the journal, one for each process: whoever opens it after a crash has to repair it first. */
const MARKER = 'unsafe-';

/** What a full disk would say, said before it is. */
export const noRoom = (): Error => Object.assign(new Error('the disk has no room for a commit'), { code: 'ENOSPC' });
/** What the disk said before, said again until the file is on it. */
export const unsafe = (): Error => Object.assign(new Error('a commit failed, and the file is not yet on its disk again'), { code: 'EIO' });

const commitErrorOf = (error: unknown): Promise<unknown> | undefined =>
  error instanceof Error && 'commitError' in error && error.commitError instanceof Promise ? error.commitError : undefined;

/** What lmdb-js throws carries a second promise; unheard, its rejection would end the process. Gives the error back. */
export function quiet(error: unknown): unknown {
  commitErrorOf(error)?.catch(() => undefined);
  return error;
}

/** The system's name of an error, which lmdb gives as a number; its own numbers are negative. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error && 'code' in error)) return 'unknown';
  const { code } = error;
  return typeof code === 'number' && code > 0 ? getSystemErrorName(-code) : String(code);
}

export function commitsOf({ path, alone, settle, canWrite, onFailed, onRepaired, repairAfterMs = REPAIR_AFTER_MS }: CommitParts): Commits {
  const directory = dirname(path);
  const markers = (): string[] => readdirSync(directory).filter((name) => name.startsWith(MARKER));
  let isSound = markers().length === 0;
  let isClosed = false;
  let failures = 0;
  let timer: NodeJS.Timeout | undefined;
  let repairing: Promise<boolean> | undefined;

  const repairLater = (): void => {
    clearTimeout(timer);
    if (!isClosed) timer = setTimeout(() => void repair(), repairAfterMs).unref();
  };

  const failed = (error: unknown): void => {
    failures += 1;
    if (!isSound) return;
    isSound = false;
    try {
      writeFileSync(join(directory, `${MARKER}${process.pid}`), '', { mode: 0o600, flush: true });
    } catch {
      // The disk that just failed; what stands in memory holds while this process lives.
    }
    repairLater();
    // lmdb-js tells the code a little later.
    void Promise.resolve(commitErrorOf(error) ?? error).then(
      (plain) => onFailed?.(codeOf(plain)),
      (behind: unknown) => onFailed?.(codeOf(behind)),
    );
  };

  const bringToDisk = async (): Promise<boolean> => {
    const before = failures;
    try {
      const known = markers();
      if (!canWrite()) throw noRoom();
      await rewriteFile(path, alone);
      await settle();
      await new Promise(setImmediate);
      // One that was under way failed: of its pages nothing is known.
      if (failures !== before) throw unsafe();
      for (const name of known) rmSync(join(directory, name), { force: true });
      isSound = true;
    } catch (error) {
      quiet(error);
      repairLater();
      return false;
    }
    onRepaired?.();
    return true;
  };

  const repair = (): Promise<boolean> => {
    if (isSound) return Promise.resolve(true);
    repairing ??= bringToDisk().finally(() => (repairing = undefined));
    return repairing;
  };

  return {
    isSound: () => isSound,
    async run(commit) {
      if (!isSound) throw unsafe();
      const before = failures;
      let result: Awaited<ReturnType<typeof commit>>;
      try {
        result = await commit();
      } catch (error) {
        failed(quiet(error));
        throw error;
      }
      // Others of the same turn that failed have to be heard first.
      await new Promise(setImmediate);
      if (failures !== before) throw unsafe();
      return result;
    },
    repair,
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await repairing;
      clearTimeout(timer);
    },
  };
}
