/** Notices that the device changed its network, or lost and found it: requests under way end with that. */
import { listen } from './listen.js';

export interface NetworkWatch {
  /** @param mark - By `performance.now()`. */
  changedSince(mark: number): boolean;
  start(): void;
  stop(): void;
}

/** @param mark - `performance.now()`. Browsers that tell no type of network tell only that there is none, or one again. */
export function watchNetwork(scope: Window, mark: () => number): NetworkWatch {
  const { connection } = scope.navigator as { connection?: EventTarget & { readonly type?: string } };
  const targets = [
    [scope, 'online'],
    [scope, 'offline'],
    [connection, 'change'],
  ] as const;
  let changedMark = -Infinity;
  let network: string | undefined;
  let stop: (() => void) | undefined;
  const hear = ({ type }: Event): void => {
    // The event tells of every other round-trip time too.
    if (type !== 'change' || network !== (network = connection?.type)) changedMark = mark();
  };
  return {
    changedSince: (since) => changedMark >= since,
    start() {
      network = connection?.type;
      stop ??= listen(targets, hear);
    },
    stop() {
      stop?.();
      stop = undefined;
    },
  };
}
