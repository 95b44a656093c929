import { listen } from './listen.js';
import type { Presence } from './presence.js';

/** Holds the presence of a page while it can hear: not while it is frozen or in the back/forward cache. The result ends it. */
export function holdInPage({ hold }: Presence, scope: Window): () => void {
  const targets = [
    [scope, 'pagehide'],
    [scope, 'pageshow'],
    [scope.document, 'freeze'],
    [scope.document, 'resume'],
  ] as const;
  let release = hold();
  const stop = listen(targets, ({ type }) => {
    release();
    if (type === 'pageshow' || type === 'resume') release = hold();
  });
  return () => {
    stop();
    release();
  };
}
