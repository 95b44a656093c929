/**
 * A fleet through four hours of outage: the service and two of three collectors are away, the third cannot be reached from every
 * network, some devices are offline altogether, some processes are killed, some answers get lost. Then everything comes back at once.
 * The agents, their sealing and its opening are real; time, network and chance are simulated.
 */
import { describe, expect, it } from 'vitest';
import { limitMs, sizeOf } from '../long.js';
import { startClient } from './fleet/client.js';
import type { Client, World } from './fleet/client.js';
import { ORIGINS, startCollectors } from './fleet/collectors.js';
import { countedCrypto } from './fleet/counted-crypto.js';
import { seeded } from './fleet/seeded.js';
import { makeVirtualClock } from './fleet/virtual-clock.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const START_MS = Date.UTC(2026, 10, 22, 9);
const OUTAGE_MS = START_MS + 20 * MINUTE_MS;
const RECOVERY_MS = OUTAGE_MS + 4 * HOUR_MS;
const BIN_MS = 10_000;

/** By number: of every ten clients six have no way to the third collector during the outage, two of these being offline altogether. */
const isCutOff = (client: number): boolean => client % 10 < 6;
const isOffline = (client: number): boolean => client % 10 < 2;

describe('a fleet after four hours without service and two of three collectors', () => {
  it(
    'delivers every report that no stated bound dropped exactly once, without a herd',
    async () => {
      const size = sizeOf('simulatedAgents');
      const startedMs = Date.now();
      const cpu = process.cpuUsage();
      const crypto = countedCrypto();
      const clock = makeVirtualClock(START_MS, crypto);
      const collectors = startCollectors(clock, { perTenSeconds: size / 5, lostAnswers: 0.01 });
      const isOut = (): boolean => clock.now() >= OUTAGE_MS && clock.now() < RECOVERY_MS;
      const world: World = {
        clock,
        collectors,
        subtle: crypto.subtle,
        isServiceUp: () => !isOut(),
        isOnline: (client) => !(isOut() && isOffline(client)),
        wayTo(client, origin) {
          if (!isOut()) return 'open';
          if (origin === ORIGINS[0]) return 'refused';
          return origin === ORIGINS[1] || isCutOff(client) ? 'mute' : 'open';
        },
      };

      const random = seeded(7);
      const clients: Client[] = [];
      for (let number = 0; number < size; number++) {
        const isChatty = number % 100 === 5;
        const client = await startClient(number, world, isChatty ? { meanVisitMs: 2 * MINUTE_MS, isChatty } : {});
        clients.push(client);
        // Everybody did not install the app in the same second.
        await clock.runUntil(START_MS + (number / size) * 10 * MINUTE_MS);
        if (number % 10 === 4) clock.setTimer(() => void client.kill(), OUTAGE_MS + random() * 4 * HOUR_MS - clock.now());
        if (isOffline(number)) clock.setTimer(client.comeOnline, RECOVERY_MS + random() * 1_000 - clock.now());
      }

      await clock.runUntil(RECOVERY_MS - 1);
      let backlog = 0;
      for (const { agent } of clients) backlog += (await agent.pending()).envelopes;
      const before = collectors.uploads.length;
      await clock.runUntil(RECOVERY_MS + HOUR_MS);
      let left = 0;
      for (const { agent } of clients) left += (await agent.pending()).envelopes;
      const bins = new Array<number>(HOUR_MS / BIN_MS).fill(0);
      for (const atMs of collectors.uploads.slice(before)) {
        const bin = Math.floor((atMs - RECOVERY_MS) / BIN_MS);
        if (bin >= 0 && bin < bins.length) bins[bin] = (bins[bin] ?? 0) + 1;
      }
      const mean = bins.reduce((sum, count) => sum + count, 0) / bins.length;
      const peak = Math.max(...bins);

      // What is left has until the backing off is over.
      await clock.runUntil(RECOVERY_MS + 2 * HOUR_MS);
      const flushing = Promise.all(clients.map(({ agent }) => agent.flush()));
      await clock.runUntil(RECOVERY_MS + 2 * HOUR_MS + 5 * MINUTE_MS);
      const kept = (await flushing).reduce((sum, result) => sum + result.kept, 0);

      const total = (of: (client: Client) => number): number => clients.reduce((sum, client) => sum + of(client), 0);
      const arrived = total(({ number }) => collectors.arrived.get(number) ?? 0);
      const answers = [...collectors.answers].map(([status, count]) => `${count} × ${status}`).join(', ');
      const { user, system } = process.cpuUsage(cpu);
      console.log(
        [
          `fleet: ${size} agents, ${total(({ made }) => made)} failures, ${collectors.firsts.size} envelopes, uploads ${answers}`,
          `arrived ${arrived}; dropped by stated bounds ${total(({ dropped }) => dropped)}; unsealed in a kill ${total(({ unsealed }) => unsealed)}`,
          `backlog at the recovery ${backlog} envelopes, ${((100 * (backlog - left)) / backlog).toFixed(1)} % delivered within 60 minutes`,
          `arrivals per 10 s in the first hour: mean ${mean.toFixed(1)}, peak ${peak}: ${(peak / mean).toFixed(2)} times the mean`,
          `took ${((Date.now() - startedMs) / 1_000).toFixed(0)} s, ${((user + system) / 1e6).toFixed(0)} s of processor time`,
        ].join('\n'),
      );

      expect(backlog).toBeGreaterThan(size);
      expect(left).toBeLessThanOrEqual(0.05 * backlog);
      expect(peak).toBeLessThanOrEqual(5 * mean);
      expect(kept).toBe(0);
      for (const { number, made, dropped, unsealed } of clients) {
        const reached = collectors.arrived.get(number) ?? 0;
        // An envelope whose answer was lost may be given up though it has arrived.
        const isEqual = dropped === 0 ? reached + unsealed === made : reached <= made && reached + dropped + unsealed >= made;
        if (!isEqual) throw new Error(`agent ${number}: made ${made}, arrived ${reached}, dropped ${dropped}, unsealed ${unsealed}`);
      }
      expect(total(({ dropped }) => dropped)).toBeGreaterThan(0);
    },
    limitMs(300_000, 3_600_000),
  );
});
