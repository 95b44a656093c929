/** Estimates from sampled reports are unbiased, whatever share the operator or the app sets, also when shares differ between devices. Seeded. */
import { describe, expect, it } from 'vitest';
import { seeded } from '../../scenario/fleet/seeded.js';
import { failureAt, makePlace, RECEIPT } from './place.js';
import { CONFIG_KEY, configAt, signed } from './sign.js';

const NOW_MS = Date.UTC(2026, 10, 22, 12);
/** Shares of four groups of devices; the last has no configuration. */
const SHARES = [0.5, 0.1, 0.02, 1];
const DEVICES = 800;

describe('a fleet whose shares the operator lowered', () => {
  it('gives, weighted by the share that each record tells, the failures and attempts that there were, within four standard errors', async () => {
    const habits = seeded(1);
    const sums = { failures: 0, failuresSeen: 0, failuresVariance: 0, made: 0, madeSeen: 0, madeVariance: 0 };
    let records = 0;
    for (let device = 0; device < DEVICES; device++) {
      const share = SHARES[device % SHARES.length] ?? 1;
      const { agent, store } = makePlace(
        ['https://c1.example.net'],
        { configKey: CONFIG_KEY.publicKey },
        { random: seeded(1_000 + device), fetchFn: () => Promise.reject(new Error('no network')) },
      );
      if (share < 1) {
        const config = configAt(NOW_MS, 1, { reports_ppm: share * 1e6, attempts_ppm: share * 1e6 });
        await store.write(0, [['config', { key: CONFIG_KEY.publicKey, version: 1, document: signed(config), askedAtMs: NOW_MS }]]);
      }
      await agent.setConsent('granted', RECEIPT);
      // Ends when the configuration is loaded; there is nothing to send.
      await agent.flush();
      const failures = Math.floor(40 * habits());
      const made = Math.floor(200 * habits());
      for (let n = 0; n < failures; n++) agent.fail(failureAt(NOW_MS));
      for (let n = 0; n < made; n++) agent.observe({ host: 'api.shop.example', outcome: 'succeeded', startedAtMs: NOW_MS });
      const { next } = agent.preview();
      sums.failures += failures;
      sums.made += made;
      sums.failuresVariance += (failures * (1 - share)) / share;
      sums.madeVariance += (made ** 2 * (1 - share)) / share;
      for (const { count, sampling_ppm: ppm } of next.failures) {
        expect(ppm).toBe(share * 1e6);
        sums.failuresSeen += (count * 1e6) / ppm;
        records++;
      }
      for (const { made: told, panel_ppm: ppm } of next.attempts) {
        expect(ppm).toBe(share * 1e6);
        sums.madeSeen += (told * 1e6) / ppm;
      }
    }
    const failuresError = (sums.failuresSeen - sums.failures) / Math.sqrt(sums.failuresVariance);
    const madeError = (sums.madeSeen - sums.made) / Math.sqrt(sums.madeVariance);
    console.log(
      `sampling: ${sums.failures} failures, estimated ${sums.failuresSeen.toFixed(0)} (${failuresError.toFixed(2)} standard errors) from ${records} records; ` +
        `${sums.made} requests, estimated ${sums.madeSeen.toFixed(0)} (${madeError.toFixed(2)} standard errors)`,
    );
    expect(Math.abs(failuresError)).toBeLessThan(4);
    expect(Math.abs(madeError)).toBeLessThan(4);
    expect(records).toBeLessThan(DEVICES);
  });
});
