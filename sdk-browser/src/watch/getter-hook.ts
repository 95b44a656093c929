/** Apart from the hook of functions, which is needed at once: this one only where bodies are watched. */
import type { Hook } from './hook.js';

/** A hook as `makeHook` makes it, for a property that is read through a getter: `seen` is told who was asked and what was given. */
export function makeGetterHook<T extends object, K extends keyof T>(owner: T, name: K, seen: (asked: T, given: T[K]) => void): Hook {
  let active = false;
  let ours: PropertyDescriptor | undefined;
  let below: PropertyDescriptor | undefined;

  const define = (property: PropertyDescriptor): boolean => {
    try {
      Object.defineProperty(owner, name, property);
      return true;
    } catch {
      return false;
    }
  };
  const current = (): PropertyDescriptor | undefined => Object.getOwnPropertyDescriptor(owner, name);

  return {
    start() {
      active = true;
      if (ours) return;
      below = current();
      if (!below?.get) return;
      const { get } = below as { get: (this: T) => T[K] };
      const laid = {
        ...below,
        get(this: T): T[K] {
          const given = Reflect.apply(get, this, []);
          if (active) seen(this, given);
          return given;
        },
      };
      if (define(laid)) ours = laid;
    },
    stop() {
      active = false;
      if (ours && below && current()?.get === ours.get && define(below)) ours = undefined;
    },
  };
}
