/** The lab's patience: a slow fault is not taken for a stuck browser, and one that is stuck is tried again in time. */
import { describe, expect, it } from 'vitest';
import { ENGINES, PATIENCE_MS } from '../../lab/engine.js';
import { FAULTS } from '../../lab/faults.js';
import { MEANWHILE_AFTER_MS, SLEEP_MS } from '../../lab/processes.js';
import { stuckMs } from '../../lab/stuck.js';

describe('a fault of the lab', () => {
  it.each([1, ENGINES.length, 10])('is not taken for stuck by what %d clients may take one after the other', (clients) => {
    for (const { name, request } of FAULTS) {
      const asleepMs = request.meanwhile === 'sleeps' ? MEANWHILE_AFTER_MS + SLEEP_MS : 0;
      const clientMs = Math.max(request.limitMs, asleepMs) + PATIENCE_MS;
      expect(1.1 * clientMs * clients, name).toBeLessThan(stuckMs(clients));
    }
  });

  it('is tried again after minutes at most with as many clients as a bounded run has', () => {
    expect(stuckMs(4)).toBeLessThanOrEqual(240_000);
  });
});
