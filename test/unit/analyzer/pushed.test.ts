import { describe, expect, it } from 'vitest';
import { sortPushed } from '../../../analyzer/src/server-metrics/pushed.js';
import type { PushedSeries } from '../../../analyzer/src/server-metrics/pushed.js';
import { readStoredName } from '../../../analyzer/src/server-metrics/stored-name.js';
import type { PushSource } from '../../../analyzer/src/server-metrics/source.js';

describe('pushed series', () => {
  const source = (labels: Record<string, string>, requests?: string): PushSource => ({
    project: 'shop',
    host: 'api.shop.example',
    push: { labels, ...(requests !== undefined && { requests }) },
  });
  const series = (extra: Partial<PushedSeries> = {}): PushedSeries => ({
    name: 'http_requests_total',
    labels: { job: 'api', code: '503' },
    temporality: 'total',
    samples: [{ timeMs: 1_000_000, value: 5 }],
    ...extra,
  });

  it('go to the sources whose labels and names they carry, by status class', () => {
    const { rows, foreign } = sortPushed([series(), series({ labels: { job: 'web' } })], [source({ job: 'api' })], 1_000_000);
    expect(rows).toEqual([expect.objectContaining({ time: 1000, host: 'api.shop.example', value: 5 })]);
    expect(rows[0]?.name).toMatch(/^requests\{class="5xx",series=/);
    expect(foreign).toBe(1);
    expect(sortPushed([series({ name: 'mine' })], [source({}, 'mine')], 1_000_000).rows).toHaveLength(1);
  });

  it('with unusable values or times are refused and counted', () => {
    const samples = [NaN, -1, Infinity].map((value) => ({ timeMs: 1_000_000, value }));
    const future = [{ timeMs: 1_000_000 + 10 * 60_000, value: 1 }];
    const { rows, refused } = sortPushed([series({ samples }), series({ samples: future })], [source({})], 1_000_000);
    expect(rows).toEqual([]);
    expect(refused).toBe(4);
  });

  it('are kept apart by their labels, so that two servers never mix', () => {
    const names = ['a', 'b'].map(
      (instance) => sortPushed([series({ labels: { instance, code: '200' } })], [source({})], 1_000_000).rows[0]?.name,
    );
    expect(new Set(names).size).toBe(2);
  });

  it('name their process, by its own labels or else by all that no error changes, so that a counter that begins late is known for one', () => {
    const processOf = (labels: Record<string, string>): string | undefined => {
      const [row] = sortPushed([series({ labels })], [source({})], 1_000_000).rows;
      return row === undefined ? undefined : readStoredName(row.name)?.process;
    };
    const served = { job: 'api', instance: 'a:80', method: 'GET', code: '200' };
    expect(processOf({ ...served, method: 'POST', code: '500', exception: 'TypeError' })).toBe(processOf(served));
    expect(processOf({ ...served, instance: 'b:80' })).not.toBe(processOf(served));
    expect(processOf({ ...served, job: 'web' })).not.toBe(processOf(served));
    const unnamed = { 'service.name': 'api', 'http.route': '/pay', 'http.response.status_code': '200' };
    expect(processOf({ ...unnamed, 'http.response.status_code': '503', 'error.type': '503' })).toBe(processOf(unnamed));
    expect(processOf({ ...unnamed, 'http.route': '/' })).not.toBe(processOf(unnamed));
    const pod = { ...unnamed, 'k8s.pod.name': 'api-1' };
    expect(processOf({ ...pod, 'http.route': '/', 'error.type': 'x' })).toBe(processOf(pod));
  });
});
