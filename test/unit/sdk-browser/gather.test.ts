/** What is put together of one failure, by whom it asks. */
import { describe, expect, it } from 'vitest';
import type { WitnessAnswer } from '../../../sdk-core/src/index.js';
import { diagnose } from '../../../sdk-browser/src/diagnose/diagnose.js';
import { makeGatherer } from '../../../sdk-browser/src/evidence.js';
import type { EndedRequest, EvidenceParts } from '../../../sdk-browser/src/evidence.js';
import { FAILED } from '../../../sdk-browser/src/watch/ending.js';

const REQUEST: EndedRequest = {
  url: new URL('https://api.shop.example/cart'),
  method: 'GET',
  resource: 'fetch',
  ending: FAILED,
  startedMark: 0,
  elapsedMs: 90,
  pending: false,
};

function setUp(more: Partial<EvidenceParts> = {}) {
  const clock = { ms: 1_000_000 };
  const leaves = new Set<(closing: boolean) => void>();
  const left: string[] = [];
  const answers: WitnessAnswer[] = [];
  const gatherer = makeGatherer({
    agent: {
      routeOf: () => null,
      // As the core: within a minute it asks nobody again.
      compareWitness: () => Promise.resolve(answers.length > 0 ? answers.splice(0) : null),
    },
    lifecycle: {
      onLeave(run) {
        leaves.add(run);
        return () => void leaves.delete(run);
      },
    },
    policy: { stopped: () => 'none' },
    probes: { ask: () => Promise.resolve(undefined), healed: () => undefined, leave: () => void left.push('left'), stop: () => undefined },
    timings: { traceOf: () => 'none', roundTrip: () => undefined, isMultiplexed: () => false },
    engine: 'chromium',
    linux: true,
    hasWorker: () => false,
    asksFirst: () => false,
    reached: { has: () => true, add: () => undefined },
    now: () => clock.ms,
    random: () => 0,
    setTimer(run) {
      queueMicrotask(run);
      return () => undefined;
    },
    online: () => true,
    ...more,
  });
  const silent = (): void => {
    for (const name of ['one', 'two'])
      answers.push({ url: `https://${name}.example/`, isAddress: false, reached: false, answered: false, ms: 9 });
  };
  return { gatherer, clock, silent, leaves, left };
}

describe('witnesses that were silent', () => {
  it('stand for ten minutes, and are less sure after one, also where the host itself was not asked', async () => {
    const { gatherer, clock, silent } = setUp();
    silent();
    const confidence = async (): Promise<[type: string, confidence: number]> => {
      const { type, confidence: sure } = diagnose(await gatherer.gather(REQUEST));
      return [type, sure];
    };
    expect(await confidence()).toEqual(['client.uplink_dead', 0.9]);
    clock.ms += 59_000;
    expect(await confidence()).toEqual(['client.uplink_dead', 0.9]);
    clock.ms += 120_000;
    expect(await confidence()).toEqual(['client.uplink_dead', 0.6]);
    clock.ms += 600_000;
    expect((await gatherer.gather(REQUEST)).byName).toEqual([]);
  });
});

describe('a page that is left', () => {
  it('ends the round that is under way, and only then', async () => {
    const { gatherer, leaves, left } = setUp();
    const gathering = gatherer.gather(REQUEST);
    for (const leave of leaves) leave(false);
    await gathering;
    expect(left).toEqual(['left']);
    expect(leaves.size).toBe(0);
  });
});
