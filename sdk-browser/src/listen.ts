/** Hears several events with one listener; a target that is not there is left out. The result stops it. */
export function listen(
  targets: readonly (readonly [target: EventTarget | undefined, type: string])[],
  run: (event: Event) => void,
): () => void {
  for (const [target, type] of targets) target?.addEventListener(type, run);
  return () => {
    for (const [target, type] of targets) target?.removeEventListener(type, run);
  };
}
