/** A granted agent that seals but sends only when flushed, with a collector of its own, which ends with the test. */
import { afterEach } from 'vitest';
import type { OutcryOptions, Platform } from '../../../sdk-core/src/index.js';
import { startCollector } from './collector.js';
import type { TinyCollector } from './collector.js';
import { makePlace, RECEIPT } from './place.js';
import type { Place } from './place.js';

const open: TinyCollector[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

export function endsWithTest(collector: TinyCollector): TinyCollector {
  open.push(collector);
  return collector;
}

export async function granted(
  options: Partial<OutcryOptions> = {},
  changes: Partial<Platform> = {},
): Promise<Place & { c: TinyCollector }> {
  const c = endsWithTest(await startCollector());
  const place = makePlace([c.origin], options, { liveDelayMs: 1e9, ...changes });
  await place.agent.setConsent('granted', RECEIPT);
  await place.agent.pending();
  return { ...place, c };
}
