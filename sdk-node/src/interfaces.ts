import { networkInterfaces } from 'node:os';

const CACHE_MS = 1_000;

/** The addresses of all interfaces but loopback, as one text to compare; empty without any network. Never throws. */
export function networkSignature(): string {
  try {
    return Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ internal }) => !internal)
      .map(({ address }) => address)
      .sort()
      .join(' ');
  } catch {
    // Containers may forbid the question; that is no sign of a missing network.
    return 'unknown';
  }
}

let lookedAtMs = -Infinity;
let none = false;

/** Whether no interface but loopback has an address; asked of the system at most once a second. */
export function hasNoNetwork(): boolean {
  const nowMs = performance.now();
  if (nowMs - lookedAtMs > CACHE_MS) {
    lookedAtMs = nowMs;
    none = networkSignature() === '';
  }
  return none;
}
