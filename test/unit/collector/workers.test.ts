import { describe, expect, it } from 'vitest';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { identityOf, isRunning, ownMark } from '../../../collector/src/journal/process-identity.js';
import { DEFAULT_LIMITS } from '../../../collector/src/limits.js';
import { createMetrics } from '../../../collector/src/metrics.js';
import type { MetricsJson } from '../../../collector/src/workers/messages.js';
import { poolMetrics } from '../../../collector/src/workers/pool-metrics.js';
import { shareLimits } from '../../../collector/src/workers/share-limits.js';

const metricsOf = async (stored: number, entries: number): Promise<MetricsJson> => {
  const metrics = createMetrics(
    () => ({ entries, bytes: 0 }),
    () => 1,
  );
  for (let index = 0; index < stored; index += 1) metrics.countUpload('stored');
  metrics.insertSeconds.observe({ table: 'reports' }, 0.02);
  return (await metrics.registry.getMetricsAsJSON()) as unknown as MetricsJson;
};
const read = (text: string, line: string): number =>
  Number(
    text
      .split('\n')
      .find((each) => each.startsWith(`${line} `))
      ?.split(' ')
      .at(-1),
  );

describe('the metrics of several workers', () => {
  it('are added up, except for what all of them see alike', async () => {
    const text = await poolMetrics(
      async () =>
        new Map([
          [1, await metricsOf(3, 7)],
          [2, await metricsOf(4, 7)],
        ]),
    ).text();
    expect(read(text, 'outcry_uploads_total{code="stored"}')).toBe(7);
    expect(read(text, 'outcry_insert_duration_seconds_count{table="reports"}')).toBe(2);
    expect(read(text, 'outcry_uploads_in_work')).toBe(2);
    expect(read(text, 'outcry_workers')).toBe(2);
    expect(read(text, 'outcry_journal_entries')).toBe(7);
    expect(read(text, 'outcry_up')).toBe(1);
  });

  it('keep the counts of a worker that ended, and count one that is late neither twice nor not at all', async () => {
    const [first, second, third] = [await metricsOf(3, 0), await metricsOf(4, 0), await metricsOf(1, 0)];
    let living: ReadonlyMap<number, MetricsJson | undefined> = new Map([
      [1, first],
      [2, second],
    ]);
    const pool = poolMetrics(() => Promise.resolve(living));
    const stored = async (): Promise<number> => read(await pool.text(), 'outcry_uploads_total{code="stored"}');
    expect(await stored()).toBe(7);
    living = new Map([
      [1, undefined],
      [2, second],
    ]);
    expect(await stored()).toBe(7);
    living = new Map([
      [2, second],
      [3, third],
    ]);
    expect(await stored()).toBe(8);
    living = new Map([[3, third]]);
    expect(await stored()).toBe(8);
    expect(read(await pool.text(), 'outcry_workers')).toBe(1);
    expect(read(await pool.text(), 'outcry_insert_duration_seconds_count{table="reports"}')).toBe(3);
  });
});

describe('the metrics of several workers, asked for twice at once', () => {
  it('count a worker that ended once, and look once for all who wait', async () => {
    const [first, second] = [await metricsOf(3, 0), await metricsOf(4, 0)];
    const both = new Map([
      [1, first],
      [2, second],
    ]);
    // The first look is slow: while it lasts a worker ends, which a second look sees.
    const looks = [Promise.resolve(both), new Promise<typeof both>((resolve) => setTimeout(resolve, 50, both))];
    let taken = 0;
    const pool = poolMetrics(() => {
      taken += 1;
      return looks.shift() ?? Promise.resolve(new Map([[2, second]]));
    });
    await pool.text();
    const slow = pool.text();
    await new Promise(setImmediate);
    const rest = Array.from({ length: 100 }, () => pool.text());
    await Promise.all([slow, ...rest]);
    expect(taken).toBe(3);
    expect(read(await pool.text(), 'outcry_uploads_total{code="stored"}')).toBe(7);
  });
});

describe('the limits of one of several workers', () => {
  it('are its part of what is promised about a prefix, whole for its memory and the journal, and leave room on the disk for all', () => {
    expect(shareLimits({ uploadsPerSecond: 30, uploadBurst: 100 }, 3)).toEqual({
      ...DEFAULT_LIMITS,
      uploadsPerSecond: 10,
      uploadBurst: 34,
      networkUploadsPerSecond: DEFAULT_LIMITS.networkUploadsPerSecond / 3,
      networkUploadBurst: Math.ceil(DEFAULT_LIMITS.networkUploadBurst / 3),
      signersPerHour: Math.ceil(DEFAULT_LIMITS.signersPerHour / 3),
      minFreeBytes: 3 * 32 * 1024 ** 2,
    });
    expect(shareLimits({}, 1)).toEqual(DEFAULT_LIMITS);
    expect(shareLimits({ minFreeBytes: 1e9 }, 3).minFreeBytes).toBe(1e9);
  });
});

describe('the identity of a process', () => {
  it('is not that of another with the same number, nor of a dead one', async () => {
    expect(isRunning(ownMark())).toBe(true);
    expect(isRunning({ pid: process.pid, identity: 'an earlier one' })).toBe(false);
    expect(isRunning({ pid: process.pid } as never)).toBe(false);
    const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore' });
    const mark = { pid: child.pid ?? 0, identity: identityOf(child.pid ?? 0) ?? '' };
    expect(isRunning(mark)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isRunning(mark)).toBe(false);
    expect(isRunning({ pid: 4_194_999, identity: 'x' })).toBe(false);
  });
});
