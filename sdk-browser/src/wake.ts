import { listen } from './listen.js';

/**
 * Calls `run` when the network came back or became another one (`true`), and when the page is looked at again, also from the
 * back/forward cache (`false`, unless the network became another one meanwhile). The result stops it.
 */
export function watchWake(scope: Window): (run: (isOtherNetwork: boolean) => void) => () => void {
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
      const isOther = network !== (network = connection?.type);
      // The event tells of every other round-trip time too.
      if (type === 'change' && !isOther) return;
      run(isOther || type === 'online');
    };
    return listen(targets, hear);
  };
}
