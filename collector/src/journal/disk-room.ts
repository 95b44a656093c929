/**
 * Whether the journal's disk has room, looked at without waiting, at most every 10 ms. lmdb must never meet a full disk: a commit that
 * fails while it writes a value of several pages corrupts the heap of lmdb-js 3.5 and ends the process (measured on a tmpfs of 6 MiB),
 * so room is kept, and looked at before every write.
 */
import { statfsSync } from 'node:fs';

export interface DiskRoom {
  /** Whether uploads may be taken. */
  readonly hasRoom: () => boolean;
  /** Whether a commit of what is there already (taking rows out, confirming a copy) may be made. */
  readonly canWrite: () => boolean;
}

const LOOK_EVERY_MS = 10;
/** As much as all uploads that may be in work at once can write. */
export const INTAKE_RESERVE_BYTES = 32 * 1024 ** 2;
/** As much as taking out the largest batch can write, since lmdb copies what it changes. */
export const DRAIN_RESERVE_BYTES = 16 * 1024 ** 2;

function freeBytesOf(directory: string): number {
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize;
}

/**
 * @param directory - on the disk in question.
 * @param minFreeBytes - bytes that uploads must leave free; less than 32 MiB counts as 32 MiB.
 * @param freeBytes - how it looks; a parameter for tests, as is the clock.
 */
export function diskRoom(
  directory: string,
  minFreeBytes: number,
  freeBytes: (directory: string) => number = freeBytesOf,
  now: () => number = () => performance.now(),
): DiskRoom {
  let free = Infinity;
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  const look = (): number => {
    if (now() - lookedAtMs < LOOK_EVERY_MS) return free;
    lookedAtMs = now();
    try {
      free = freeBytes(directory);
    } catch {
      // A file system that cannot say gets the benefit of the doubt.
      free = Infinity;
    }
    return free;
  };
  return {
    hasRoom: () => look() >= Math.max(minFreeBytes, INTAKE_RESERVE_BYTES),
    canWrite: () => look() >= DRAIN_RESERVE_BYTES,
  };
}
