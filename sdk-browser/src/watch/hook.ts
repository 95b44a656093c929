/** Putting one function in front of another, and taking it away again without hurting whoever came later. */

export interface Hook {
  start(): void;
  stop(): void;
}

/**
 * Prepares a replacement for `owner[name]`; nothing is touched before `start`.
 *
 * @param wrap - Makes the replacement. It must only pass on while `active()` is false.
 * @returns `stop` puts the original back; where another wrapper has been laid over ours it cannot be removed, so it becomes a mere
 *   pass-through, which the next `start` brings back to life. Neither throws, not even where the property is frozen.
 */
export function makeHook<T extends object, K extends keyof T>(
  owner: T,
  name: K,
  wrap: (original: T[K], active: () => boolean) => T[K],
): Hook {
  let active = false;
  let laid: { readonly ours: T[K]; readonly below: T[K] } | undefined;

  const assign = (value: T[K]): boolean => {
    try {
      owner[name] = value;
      return owner[name] === value;
    } catch {
      return false;
    }
  };

  return {
    start() {
      active = true;
      if (laid) return;
      const below = owner[name];
      const ours = wrap(below, () => active);
      if (assign(ours)) laid = { ours, below };
    },
    stop() {
      active = false;
      if (laid && owner[name] === laid.ours && assign(laid.below)) laid = undefined;
    },
  };
}
