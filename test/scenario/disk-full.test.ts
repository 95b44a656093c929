/**
 * Disks that really are full: a small file system of its own under the journal and another under the engine. Uploads get 503 with
 * Retry-After, nothing acknowledged is lost, and intake goes on by itself once there is room.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ReportBody } from '@outcry/protocol';
import { migrate } from '@outcry/storage';
import {
  body,
  failure,
  options,
  post,
  removeDirectory,
  seal,
  startCollector,
  storageOf,
  temporaryDirectory,
  type Answer,
} from '../unit/collector/sealed.js';
import { buildStorage, openStorage, type OpenStorage } from './storage-fixture.js';

const MIB = 1024 * 1024;
/** Mounting takes root, and a system that lets it. */
const canMount = ((): boolean => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  try {
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

type Collector = Awaited<ReturnType<typeof startCollector>>;
let directory: string;
let mounted: string[] = [];
let collector: Collector | undefined;
let engine: OpenStorage | undefined;

const mount = (path: string, bytes: number): string => {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'outcry-test', path]);
  mounted.push(path);
  return path;
};
/** Takes all the room that is left but so many bytes. */
const fill = (path: string, butBytes = 0): void => {
  const { bavail, bsize } = statfsSync(path);
  writeFileSync(join(path, 'filler'), Buffer.alloc(Math.max(0, bavail * bsize - butBytes)));
};
const makeRoom = (path: string): void => rmSync(join(path, 'filler'));
/** Large enough for a value of several pages, with which lmdb-js would end the process on a full disk. */
const large = (): ReportBody =>
  body({ failures: Array.from({ length: 60 }, (_, index) => failure({ claimed_asn: index * 9_973, elapsed_ms: index * 77 })) });
const LIMITS = { batchAfterMs: 10, retryCapMs: 100, uploadBurst: 1e6, uploadsPerSecond: 1e6 };

beforeAll(() => buildStorage());
beforeEach(async () => void (directory = await temporaryDirectory()));
afterEach(async () => {
  await collector?.close();
  await engine?.close();
  collector = undefined;
  engine = undefined;
  for (const path of mounted.reverse()) if (existsSync(path)) execFileSync('umount', ['--lazy', path]);
  mounted = [];
  await removeDirectory(directory);
});

describe.skipIf(!canMount)('a full disk (needs root and mount)', () => {
  it.each([
    ['when another program fills it at once', 0],
    ['at its own mark', 48 * MIB],
  ])('under the journal answers 503 with Retry-After %s, and intake goes on when there is room', async (_when, minFreeBytes) => {
    const disk = mount(join(directory, 'journal'), 64 * MIB);
    const rows: string[] = [];
    let isAway = true;
    const storage = storageOf(({ values }) => {
      if (isAway) return Promise.reject(new Error('away'));
      rows.push(...values);
      return Promise.resolve();
    });
    collector = await startCollector(options(directory, { storage, limits: { ...LIMITS, minFreeBytes } }));
    const { url } = collector;
    const taken: Buffer[] = [];
    const put = async (): Promise<Answer> => {
      const envelope = await seal(large());
      const answer = await post(url, envelope);
      if (answer.status === 204) taken.push(envelope);
      return answer;
    };
    expect((await put()).status).toBe(204);
    fill(disk, minFreeBytes === 0 ? 0 : minFreeBytes - MIB);
    // Longer than the disk is not looked at.
    await new Promise((resolve) => setTimeout(resolve, 20));
    let refused: Answer | undefined;
    await expect.poll(async () => (refused = await put()).status, { timeout: 60_000, interval: 1 }).toBe(503);
    expect(refused?.code).toBe('journal_full');
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
    // What was taken before still is, and its copies are known.
    makeRoom(disk);
    await expect.poll(async () => (await put()).status, { timeout: 60_000 }).toBe(204);
    for (const envelope of taken.slice(0, 5)) expect((await post(url, envelope)).status).toBe(204);
    isAway = false;
    await collector.drained();
    expect(new Set(rows).size).toBe(taken.length * 60);
    expect(rows).toHaveLength(taken.length * 60);
  });

  it('under the engine stops no upload; the rows are inserted when there is room', async () => {
    const disk = mount(join(directory, 'engine'), 256 * MIB);
    engine = await openStorage({ dataDir: join(disk, 'data') });
    await migrate(engine.client, {});
    const lines: string[] = [];
    collector = await startCollector(
      options(join(directory, 'c1'), {
        storage: engine.client,
        limits: { ...LIMITS, minFreeBytes: 0 },
        log: (entry) => void lines.push(entry.message),
      }),
    );
    expect((await post(collector.url, await seal())).status).toBe(204);
    await collector.drained();
    fill(disk);
    const envelopes = await Promise.all(Array.from({ length: 20 }, () => seal()));
    for (const envelope of envelopes) expect((await post(collector.url, envelope)).status).toBe(204);
    await expect.poll(() => lines, { timeout: 30_000 }).toContain('storage does not take rows; trying again');
    makeRoom(disk);
    await collector.drained();
    expect(await engine.ask('SELECT toUInt32(count()) AS n FROM reports FINAL')).toEqual([{ n: 21 }]);
  });
});
