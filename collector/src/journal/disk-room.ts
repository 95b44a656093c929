/** Whether the journal's disk has room, known without waiting: looked at in the background, at most once a second. */
import { statfs } from 'node:fs/promises';

export type HasRoom = () => boolean;

const LOOK_EVERY_MS = 1_000;

/**
 * @param directory - on the disk in question.
 * @param minFreeBytes - bytes that must stay free; 0 never looks.
 * @param freeBytes - how it looks; a parameter for tests.
 */
export function diskRoom(
  directory: string,
  minFreeBytes: number,
  freeBytes: (directory: string) => Promise<number> = async (path) => {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  },
): HasRoom {
  let hasRoom = true;
  let looking = false;
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  return () => {
    if (minFreeBytes > 0 && !looking && performance.now() - lookedAtMs >= LOOK_EVERY_MS) {
      looking = true;
      freeBytes(directory)
        .then((free) => void (hasRoom = free >= minFreeBytes))
        // A file system that cannot say gets the benefit of the doubt; a full disk still fails the commit.
        .catch(() => void (hasRoom = true))
        .finally(() => {
          looking = false;
          lookedAtMs = performance.now();
        });
    }
    return hasRoom;
  };
}
