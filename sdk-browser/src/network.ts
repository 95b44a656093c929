/** Notices that the device changed its network, or lost it: requests under way end with that. */
import { listen } from './listen.js';

export interface NetworkWatch {
  /** @param mark - By `performance.now()`. */
  changedSince(mark: number): boolean;
  start(): void;
  stop(): void;
}

/** @param mark - `performance.now()`. Browsers that tell no type of network tell only that there is none. */
export function watchNetwork(scope: Window, mark: () => number): NetworkWatch {
  const { connection } = scope.navigator as { connection?: EventTarget & { readonly type?: string } };
  let changedMark = -Infinity;
  let network = connection?.type;
  let stop = (): void => undefined;
  const hear = ({ type }: Event): void => {
    // The event tells of every other round-trip time too.
    if (type !== 'change' || network !== (network = connection?.type)) changedMark = mark();
  };
  return {
    changedSince: (since) => changedMark >= since,
    start() {
      stop();
      stop = listen(
        [
          [scope, 'offline'],
          [connection, 'change'],
        ],
        hear,
      );
    },
    stop() {
      stop();
    },
  };
}
