/** Repeats a check until it holds; after `forMs`, as long as a test may take on a busy machine, rejects with its last error. */
export const eventually = async (check: () => Promise<void>, forMs = 100_000): Promise<void> => {
  const end = performance.now() + forMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
};
