/** The two halves of a withdrawal beyond this page: the store, and the other tabs. */
import type { Platform } from './platform.js';

const CONFIRM_MS = 1_000;
const ERASE_TRIES = 3;

const pause = (setTimer: Platform['setTimer'], ms: number): Promise<void> => new Promise((resolve) => void setTimer(resolve, ms));

/** Erases the store and raises the epoch; tries again when the store fails at first. False when it never worked. Never rejects. */
export async function eraseStore({ store, setTimer }: Platform): Promise<boolean> {
  for (let left = ERASE_TRIES; left > 0; left--)
    try {
      await store.erase();
      return true;
    } catch {
      await pause(setTimer, 100);
    }
  return false;
}

/** Resolves with the end of `work`, however it ends, or after 1 s. */
export function withinSecond({ networkTimer, setTimer }: Platform, work: Promise<unknown>): Promise<unknown> {
  return Promise.race([work.catch(() => undefined), pause(networkTimer ?? setTimer, CONFIRM_MS)]);
}

/** Tells the other tabs to forget and stop; resolves when all live ones have confirmed, or after 1 s. Never rejects. */
export async function othersStop(platform: Platform): Promise<void> {
  const { broadcast } = platform;
  if (!broadcast) return;
  let confirmed = 0;
  let expected = Infinity;
  let stopListening = (): void => undefined;
  const all = new Promise<void>((resolve) => {
    const check = (): void => {
      if (confirmed >= expected) resolve();
    };
    stopListening = broadcast.listen(({ kind }) => {
      if (kind === 'confirmed') confirmed++;
      check();
    });
    void broadcast
      .peers?.()
      .then((peers) => {
        expected = peers;
        check();
      })
      .catch(() => undefined);
    broadcast.post({ kind: 'erased' });
  });
  await withinSecond(platform, all);
  stopListening();
}
