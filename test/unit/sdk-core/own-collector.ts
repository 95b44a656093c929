/** A collector of a test's own, which ends with the test. */
import { afterEach } from 'vitest';
import { startCollector } from './collector.js';
import type { TinyCollector } from './collector.js';

const open: TinyCollector[] = [];

export async function collector(...args: Parameters<typeof startCollector>): Promise<TinyCollector> {
  const started = await startCollector(...args);
  open.push(started);
  return started;
}

afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});
