import { webcrypto } from 'node:crypto';

export interface CountedCrypto {
  readonly subtle: SubtleCrypto;
  /** Resolves when nothing is in work; at once where nothing is. */
  idle(): Promise<void>;
  readonly isIdle: () => boolean;
}

/** The platform's own WebCrypto, counting what it has in work. */
export function countedCrypto(): CountedCrypto {
  let working = 0;
  const waiting: (() => void)[] = [];
  const subtle = new Proxy(webcrypto.subtle as unknown as SubtleCrypto, {
    get(target, name) {
      const method = Reflect.get(target, name) as unknown;
      if (typeof method !== 'function') return method;
      return async (...args: unknown[]): Promise<unknown> => {
        working++;
        try {
          return await (Reflect.apply(method, target, args) as Promise<unknown>);
        } finally {
          if (--working === 0) for (const resolve of waiting.splice(0)) resolve();
        }
      };
    },
  });
  return {
    subtle,
    isIdle: () => working === 0,
    idle: () => new Promise((resolve) => (working === 0 ? resolve() : waiting.push(resolve))),
  };
}
