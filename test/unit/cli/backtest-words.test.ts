import { describe, expect, it } from 'vitest';
import type { BacktestResult } from '@outcry/analyzer';
import { score } from '../../../analyzer/src/backtest/score.js';
import { backtestWords } from '../../../cli/src/commands/backtest-words.js';

const spike: BacktestResult['spikes'][number] = {
  id: '1',
  project: 'shop',
  host: 'api.shop.example',
  kind: 'dns',
  started_at: '2026-01-05T14:20:00.000Z',
  ended_at: null,
  reported_at: '2026-01-05T14:20:40.000Z',
  places: [{ network: 'AS3320/DE', release: '4.2.1' }],
  place_reason: 'placed',
  failing_clients: 40,
  expected_clients: 1,
  affected_clients: null,
  p_value: 1e-20,
  verdict: 'outside',
  uncorroborated: true,
};

describe('what a backtest found, in words', () => {
  it('is a line a spike', () => {
    expect(backtestWords({ spikes: [spike], scores: null, rows: 1234 })).toEqual([
      '1,234 rows, one spike (times are UTC):',
      '2026-01-05 14:20:00  api.shop.example  dns  40 clients  AS3320/DE 4.2.1  outside (uncorroborated)  told after 40 s',
    ]);
    expect(backtestWords({ spikes: [], scores: null, rows: 12 })).toEqual(['12 rows, 0 spikes']);
  });

  it('has the figures of the detector beside those of simple ones, which name no places', () => {
    const none = score([], [], 86_400, 0);
    const scores = { detector: { ...none, recall: { of: 4, hits: 3, share: 0.75 } }, 'three-sigma': none, 'seasonal-naive': none };
    const lines = backtestWords({ spikes: [], scores, rows: 12 });
    expect(lines).toContainEqual(expect.stringMatching(/^incidents told +3 of 4 +none +none$/));
    expect(lines).toContainEqual(expect.stringMatching(/^verdicts right +none +– +–$/));
  });
});
