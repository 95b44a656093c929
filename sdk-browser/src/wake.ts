import { listen } from './listen.js';

/**
 * Calls `run` when the network came back or became another one, and when the page is looked at again, also from the back/forward
 * cache. The result stops it.
 */
export function watchWake(scope: Window): (run: () => void) => () => void {
  const { document, navigator } = scope;
  const { connection } = navigator as { connection?: EventTarget & { readonly type?: string } };
  const targets = [
    [scope, 'online'],
    [scope, 'pageshow'],
    [document, 'resume'],
    [document, 'visibilitychange'],
    [connection, 'change'],
  ] as const;
  return (run) => {
    let network = connection?.type;
    const hear = ({ type }: Event): void => {
      if (type === 'visibilitychange' && document.visibilityState === 'hidden') return;
      // The event tells of every other round-trip time too.
      if (type === 'change' && network === (network = connection?.type)) return;
      run();
    };
    return listen(targets, hear);
  };
}
