/** Runs again and again, each run starting `everyMs` after the last began, or at once when that took longer. Ends when the signal aborts. */
export async function repeat(run: () => Promise<void>, everyMs: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const began = performance.now();
    await run();
    const restMs = Math.max(0, everyMs - (performance.now() - began));
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, restMs);
      signal.addEventListener('abort', done, { once: true });
      if (signal.aborted) done();
      function done(): void {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      }
    });
  }
}
