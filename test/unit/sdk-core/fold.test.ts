import { describe, expect, it } from 'vitest';
import { checkOptions } from '../../../sdk-core/src/index.js';
import { makeFold } from '../../../sdk-core/src/fold.js';
import { makeGrant } from '../../../sdk-core/src/grant.js';
import { buildFailure } from '../../../sdk-core/src/report.js';
import { failureAt, makePlace, optionsFor } from './place.js';

function folding() {
  const { platform, clock } = makePlace(['https://c1.example.net']);
  const grant = makeGrant({
    options: checkOptions(optionsFor(['https://c1.example.net']), 'sdk-browser'),
    platform,
    epoch: 0,
    onGone: () => undefined,
    emit: () => undefined,
    lose: () => undefined,
  });
  const startedMs = clock.nowMs;
  const sealed: { s: number; counts: number[] }[] = [];
  const fold = makeFold(grant, () =>
    sealed.push({ s: (clock.nowMs - startedMs) / 1_000, counts: fold.take().map(({ failure }) => failure.count) }),
  );
  const fail = (type = 'tcp.refused'): void => {
    const seen = failureAt(clock.nowMs, { diagnosis: { type, phase: 'connection', kind: 'routing', confidence: 1, evidence: [] } });
    const where = { online: true, connection: 'wifi', nowMs: clock.nowMs, samplePpm: 1_000_000, routes: [] };
    fold.add(buildFailure(seen, where), clock.nowMs);
  };
  return { fail, sealed, clock };
}

describe('folding', () => {
  it('seals the first failure within 250 ms, repeats after 10 s for six rounds, then after 60 s', () => {
    const { fail, sealed, clock } = folding();
    for (let s = 0; s < 200; s++) {
      fail();
      clock.step(1_000);
    }
    expect(sealed[0]).toEqual({ s: 0.2, counts: [1] });
    const gaps = sealed.slice(1).map(({ s }, i) => Math.round(s - (sealed[i]?.s ?? 0)));
    expect(gaps).toEqual([11, 10, 10, 10, 10, 10, 60, 60]);
    expect(sealed.at(-1)?.counts[0]).toBeGreaterThanOrEqual(60);
  });

  it('seals the first of another type at once, whatever else repeats', () => {
    const { fail, sealed, clock } = folding();
    fail();
    clock.step(1_000);
    fail();
    clock.step(1_000);
    fail('tcp.reset');
    clock.step(250);
    expect(sealed.map(({ s }) => s)).toEqual([0.2, 2.2]);
  });

  it('starts anew after 5 quiet minutes', () => {
    const { fail, sealed, clock } = folding();
    fail();
    clock.step(300_000);
    fail();
    clock.step(250);
    expect(sealed.map(({ s }) => s)).toEqual([0.2, 300.2]);
  });
});
