import type { Platform } from './platform.js';

/** Where a watched host tells its Network Error Logging policy. */
export const NEL_PATH = '/.well-known/outcry-nel';
/** Waits before each further try; what is never reached runs out by itself within a day. */
const AGAIN_MS = [5_000, 60_000, 600_000];

/**
 * Makes the browser forget the policies of these origins: each answers with `max_age` 0.
 *
 * @param stands - Whether it is still wanted; looked at before each later try.
 * @returns when the first try is over, which is as long as the slowest takes. Never rejects.
 */
export function removeNel(
  origins: readonly string[],
  { fetchFn, setTimer }: Pick<Platform, 'fetchFn' | 'setTimer'>,
  stands: () => boolean,
): Promise<void> {
  const remove = async (left: readonly string[], tries: readonly number[]): Promise<void> => {
    const rest = await Promise.all(
      left.map((origin) =>
        fetchFn(`${origin}${NEL_PATH}?remove`, {
          credentials: 'omit',
          referrerPolicy: 'no-referrer',
          cache: 'no-store',
          redirect: 'error',
          // The page may be closed right after the user's word.
          keepalive: true,
        }).then(
          ({ ok }) => (ok ? [] : [origin]),
          () => [origin],
        ),
      ),
    );
    const [waitMs, ...later] = tries;
    if (rest.flat().length > 0 && waitMs !== undefined) setTimer(() => stands() && void remove(rest.flat(), later), waitMs);
  };
  return remove(origins, AGAIN_MS);
}
