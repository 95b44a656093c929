import { describe, expect, it } from 'vitest';
import { deploysOf } from '../../../analyzer/src/server-metrics/deploys.js';

describe('deploys', () => {
  const versions = (list: readonly (readonly [string, number])[]) =>
    list.map(([version, start]) => ({ metric: { version }, values: [[start, '1'] as [number, string]] }));
  const of = { project: 'shop', host: 'api.shop.example' };

  it('are versions that appear while another was there', () => {
    const { markers } = deploysOf(
      versions([
        ['1.0', 100],
        ['1.1', 400],
      ]),
      undefined,
      of,
    );
    expect(markers).toEqual([expect.objectContaining({ release: '1.1', time: 400, kind: 'deploy' })]);
  });

  it('are not told of versions that were known, nor of values that are no release', () => {
    expect(
      deploysOf(
        versions([
          ['1.0', 100],
          ['1.1', 400],
        ]),
        new Set(['1.1']),
        of,
      ).markers,
    ).toEqual([]);
    expect(
      deploysOf(
        versions([
          ['1.0', 100],
          ['a b', 400],
        ]),
        undefined,
        of,
      ).markers,
    ).toEqual([]);
  });
});
