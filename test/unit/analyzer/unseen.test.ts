/** How many clients a sample of their failures leaves unheard. */
import { describe, expect, it } from 'vitest';
import { unseenClients } from '../../../analyzer/src/watch/unseen.js';
import { stream } from '../../../cli/src/simulator/random.js';

/** What a sample tells of clients that fail `each` times. */
function sampled(clients: number, each: number, share: number, seed: number) {
  const random = stream(seed, 'sample');
  let [heard, requests] = [0, 0];
  for (let c = 0; c < clients; c++) {
    let told = 0;
    for (let f = 0; f < each; f++) if (random() < share) told++;
    if (told > 0) heard++;
    requests += told;
  }
  return { clients: heard, requests, weight: requests / share };
}

describe('clients that a sample does not hear', () => {
  it('are none where every failure is told, or nothing is known', () => {
    for (const [clients, requests, weight] of [
      [10, 12, 12],
      [0, 0, 0],
      [5, 0, 9],
      [3, NaN, 7],
      [3, 9, 2],
    ] as const)
      expect(unseenClients({ clients, requests, weight })).toEqual({ times: 1, low: 1, high: 1 });
  });

  it.each([
    [1, 0.2],
    [1, 0.5],
    [2, 0.2],
    [5, 0.2],
    [20, 0.1],
  ])('are told within the interval where each fails %d times and a share of %d is drawn', (each, share) => {
    const TRUE = 2_000;
    let held = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const seen = sampled(TRUE, each, share, seed);
      const { times, low, high } = unseenClients(seen);
      expect(seen.clients * times).toBeGreaterThan(TRUE * 0.85);
      expect(seen.clients * times).toBeLessThan(TRUE * 1.15);
      if (seen.clients * low <= TRUE && TRUE <= seen.clients * high) held++;
    }
    expect(held).toBeGreaterThanOrEqual(18);
  });

  it('are thought to be as many as one failure each leaves where nobody tells two', () => {
    expect(unseenClients({ clients: 10, requests: 10, weight: 50 }).times).toBeCloseTo(5, 1);
  });
});
