/** The two halves of a withdrawal beyond this page: the store, and the other tabs. */
import type { Platform } from './platform.js';

const CONFIRM_MS = 1_000;
const ERASE_TRIES = 3;

/** Erases the store and raises the epoch; tries again when the store fails at first. False when it never worked. Never rejects. */
export async function eraseStore({ store, setTimer }: Platform): Promise<boolean> {
  for (let left = ERASE_TRIES; left > 0; left--)
    try {
      await store.erase();
      return true;
    } catch {
      await new Promise<void>((resolve) => void setTimer(resolve, 100));
    }
  return false;
}

/** Tells the other tabs to forget and stop; resolves when all live ones have confirmed, or after 1 s. */
export async function othersStop({ broadcast, networkTimer, setTimer }: Platform): Promise<void> {
  if (!broadcast) return;
  let confirmed = 0;
  let expected = Infinity;
  await new Promise<void>((resolve) => {
    const finish = (): void => {
      stopListening();
      cancel();
      resolve();
    };
    const check = (): void => {
      if (confirmed >= expected) finish();
    };
    const stopListening = broadcast.listen(({ kind }) => {
      if (kind === 'confirmed') confirmed++;
      check();
    });
    const cancel = (networkTimer ?? setTimer)(finish, CONFIRM_MS);
    void broadcast
      .peers?.()
      .then((peers) => {
        expected = peers;
        check();
      })
      .catch(() => undefined);
    broadcast.post({ kind: 'erased' });
  });
}
