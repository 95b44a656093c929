/**
 * The bytes of one UTC day, counted in the store, so that pages, processes and restarts share them. Bytes that were offered in vain
 * count too: they may have cost the user.
 */
import { DAY_MS } from '@outcry/protocol';
import type { Grant } from './grant.js';

interface Spent {
  readonly day: number;
  readonly bytes: number;
  /** The last day on which something had to wait. */
  readonly stoppedDay?: number;
}

export interface Budget {
  /** Takes `size` bytes from the day; false when they do not fit. */
  spend(size: number): Promise<boolean>;
  /** Whether something waits since yesterday or today because of the budget: what the queue gives up then is lost to it. */
  holdsBack(): boolean;
  /** Whether a new day has begun after one that stopped, and nothing was sent yet: what was lost is told before the rest. */
  hasNewDay(): boolean;
}

export function makeBudget(grant: Grant): Budget {
  const { options, platform } = grant;
  const today = (): number => Math.floor(platform.now() / DAY_MS);
  let known: Spent = { day: -1, bytes: 0 };
  void platform.store
    .get('budget')
    .then((stored) => (known = (stored as Spent | undefined) ?? known))
    .catch(() => undefined);

  return {
    async spend(size) {
      const day = today();
      let fits = true;
      const next = (old: unknown): Spent => {
        const { day: of, bytes, stoppedDay } = (old ?? known) as Spent;
        const used = of === day ? bytes : 0;
        fits = used + size <= options.maxBytesPerDay;
        return { day, bytes: fits ? used + size : used, ...(fits ? stoppedDay !== undefined && { stoppedDay } : { stoppedDay: day }) };
      };
      // A store that takes nothing: this page or process counts alone.
      const write = (old: unknown): Spent => (known = next(old));
      await grant.update('budget', write).catch(() => write(known));
      return fits;
    },
    holdsBack: () => known.stoppedDay !== undefined && known.stoppedDay >= today() - 1,
    hasNewDay: () => known.stoppedDay === known.day && known.day < today(),
  };
}
