/** Calls `run` when the network came back or the page is looked at again, also from the back/forward cache. The result stops it. */
export function watchWake(scope: Window): (run: () => void) => () => void {
  const { document } = scope;
  const targets = [
    [scope, 'online'],
    [scope, 'pageshow'],
    [document, 'resume'],
    [document, 'visibilitychange'],
  ] as const;
  return (run) => {
    const hear = (): void => {
      if (document.visibilityState !== 'hidden') run();
    };
    for (const [target, type] of targets) target.addEventListener(type, hear);
    return () => {
      for (const [target, type] of targets) target.removeEventListener(type, hear);
    };
  };
}
