/** Holding a presence: in a chunk that is loaded with consent, while counting the others is needed for a withdrawal at any time. */
import { listen } from './listen.js';
import type { Presence } from './presence.js';

/** Until the result is called. Never throws. */
export function holdPresence(locks: LockManager, { mine }: Presence): () => void {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  // Two that follow each other may overlap for a moment.
  locks.request(mine, { mode: 'shared' }, () => held).catch(() => undefined);
  return release;
}

/** Holds the presence of a page while it can hear: not while it is frozen or in the back/forward cache. The result ends it. */
export function holdInPage(locks: LockManager, presence: Presence, scope: Window): () => void {
  const targets = [
    [scope, 'pagehide'],
    [scope, 'pageshow'],
    [scope.document, 'freeze'],
    [scope.document, 'resume'],
  ] as const;
  let release = holdPresence(locks, presence);
  const stop = listen(targets, ({ type }) => {
    release();
    if (type === 'pageshow' || type === 'resume') release = holdPresence(locks, presence);
  });
  return () => {
    stop();
    release();
  };
}
