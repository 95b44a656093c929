interface Flushable {
  flush(): Promise<unknown>;
}

const living = new Set<Flushable>();

/** Sending gives the process work again, so every agent has this chance once only. */
function onBeforeExit(): void {
  for (const agent of living) void agent.flush();
  living.clear();
}

/** Flushes the agent when the process runs out of work. One listener serves all agents. The result ends that. */
export function flushBeforeExit(agent: Flushable): () => void {
  if (living.size === 0) {
    process.removeListener('beforeExit', onBeforeExit);
    process.once('beforeExit', onBeforeExit);
  }
  living.add(agent);
  return () => {
    living.delete(agent);
    if (living.size === 0) process.removeListener('beforeExit', onBeforeExit);
  };
}
