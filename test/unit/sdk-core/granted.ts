/** A granted agent that seals but sends only when flushed, with a collector of its own, which ends with the test. */
import type { OutcryOptions, Platform } from '../../../sdk-core/src/index.js';
import type { TinyCollector } from './collector.js';
import { makePlace, RECEIPT } from './place.js';
import type { Place } from './place.js';
import { collector } from './own-collector.js';

export async function granted(
  options: Partial<OutcryOptions> = {},
  changes: Partial<Platform> = {},
): Promise<Place & { c: TinyCollector }> {
  const c = await collector();
  const place = makePlace([c.origin], options, { liveDelayMs: 1e9, ...changes });
  await place.agent.setConsent('granted', RECEIPT);
  await place.agent.pending();
  return { ...place, c };
}
