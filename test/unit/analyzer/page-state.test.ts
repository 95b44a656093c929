/** What every page says when the analyzer cannot see, or not all. */
import { describe, expect, it } from 'vitest';
import type { AnswerDeps } from '../../../analyzer/src/answers/settings.js';
import { learningOf, pageState } from '../../../analyzer/src/http/pages.js';
import { listPage } from '../../../analyzer/src/pages/list-page.js';
import type { RoundResult } from '../../../analyzer/src/watch/round.js';
import type { WatchState } from '../../../analyzer/src/watch/watch.js';

const NOW = Date.UTC(2026, 0, 5, 14, 40);
const troubleOf = (state: Partial<WatchState>): string | null => {
  const whole: WatchState = { latest: null, latestMs: NOW, degraded: null, scrapeErrors: new Map(), ...state };
  return pageState({ state: () => whole } as unknown as AnswerDeps).trouble;
};

describe('the state of the analyzer on every page', () => {
  it('names server metrics that cannot be read or cannot be right, with the reason, and what that means', () => {
    expect(troubleOf({})).toBeNull();
    const scrapeErrors = new Map([
      ['shop api.shop.example', 'the Prometheus answered saturation of 97'],
      ['shop pay.shop.example', 'timeout'],
    ]);
    expect(troubleOf({ scrapeErrors })).toBe(
      'Server metrics cannot be read, or not be right: shop api.shop.example (the Prometheus answered saturation of 97), shop pay.shop.example (timeout). Verdicts rest on what was read before, and say so where that is too old.',
    );
  });

  it('says first that nothing is seen at all, and since when', () => {
    const degraded = { code: 'storage_unavailable', sinceMs: NOW - 60_000 } as const;
    expect(troubleOf({ degraded, scrapeErrors: new Map([['a b', 'c']]) })).toBe(
      'Storage has not answered since 14:39:00 UTC (storage_unavailable). What you see is what was known then.',
    );
    expect(troubleOf({ degraded: { code: 'detection_stalled', sinceMs: NOW - 60_000 } })).toBe(
      'No round of detection has finished in time since 14:39:00 UTC (detection_stalled). What you see is what was known by the last one.',
    );
  });
});

describe('what is still learning', () => {
  const MINUTE = 60_000;
  /** @param heard - Minutes ago, by project. @param joined - By host. */
  const learning = (heard: Record<string, number>, joined: Record<string, number>) => {
    const latest: Pick<RoundResult, 'heardMs' | 'joinedMs'> = {
      heardMs: new Map(Object.entries(heard).map(([project, minutes]) => [project, NOW - minutes * MINUTE])),
      joinedMs: (_project, host) => (joined[host] === undefined ? undefined : NOW - joined[host] * MINUTE),
    };
    const projects = { shop: { hosts: ['api', 'api2'], stage: 'production' }, 'shop-dev': { hosts: ['api'], stage: 'development' } };
    return learningOf({ projects, now: () => NOW, state: () => ({ latest }) } as unknown as AnswerDeps);
  };

  it('is a project, or a host that joined one that is not', () => {
    expect(learning({ shop: 12 }, { api: 12, api2: 12 })).toEqual([{ project: 'shop', heardMinutes: 12, neededMinutes: 30 }]);
    expect(learning({}, {})).toEqual([{ project: 'shop', heardMinutes: null, neededMinutes: 30 }]);
    const [host, ...others] = learning({ shop: 240 }, { api: 200, api2: 12 });
    expect([host, others]).toEqual([{ project: 'shop', host: 'api2', heardMinutes: 12, neededMinutes: 30 }, []]);
    const page = listPage([], host === undefined ? [] : [host], { trouble: null, asOf: null });
    expect(page.replaceAll(/\s+/g, ' ')).toContain('<strong>api2</strong> (shop) is learning what is usual: 12 of 30 minutes');
  });
});
