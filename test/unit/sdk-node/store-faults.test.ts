/** A process that dies at any step, a disk that is full, bytes that are torn. */
import { execFileSync } from 'node:child_process';
import * as realFs from 'node:fs/promises';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkOptions } from '../../../sdk-core/src/index.js';
import type { Store } from '../../../sdk-core/src/index.js';
import { entryKey } from '../../../sdk-core/src/entry.js';
import type { Entry } from '../../../sdk-core/src/entry.js';
import { makeGrant } from '../../../sdk-core/src/grant.js';
import type { Grant } from '../../../sdk-core/src/grant.js';
import { makeLosses } from '../../../sdk-core/src/losses.js';
import { makeQueue, QUEUE_LIMITS } from '../../../sdk-core/src/queue.js';
import type { Queue } from '../../../sdk-core/src/queue.js';
import { makeFileStore } from '../../../sdk-node/src/file-store.js';
import type { StoreFs } from '../../../sdk-node/src/file-store.js';
import { init } from '../../../sdk-node/src/index.js';
import { KEYS, startCollector } from '../sdk-core/collector.js';
import { makePlace, optionsFor } from '../sdk-core/place.js';

let dir = '';
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'outcry-faults-'))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** No process has it, so that what it left half done is taken back at once. */
const DEAD_PID = 4_000_000;
const SEALED_MS = Date.UTC(2026, 10, 22, 12);

function queueOn(store: Store): { queue: Queue; lost: string[] } {
  const { platform } = makePlace(['https://c1.example.net'], {}, { store });
  const lost: string[] = [];
  const losses = makeLosses(() => grant);
  const grant: Grant = makeGrant({
    options: checkOptions(optionsFor(['https://c1.example.net']), 'sdk-browser'),
    platform,
    epoch: 0,
    onGone: () => undefined,
    emit: (event) => event.kind === 'dropped' && lost.push(event.reason),
    lose: (reason) => lost.push(reason),
  });
  return { queue: makeQueue(grant, { losses, limits: { ...QUEUE_LIMITS, count: 3 } }), lost };
}

const entry = (mark: number): Entry => ({
  bytes: new Uint8Array(424).fill(mark),
  sealedAtMs: SEALED_MS,
  failedAtMs: null,
  reports: 1,
  failures: 1,
  tries: 0,
  failed: [],
  leasedUntilMs: 0,
});

/** A file system of a process that is killed before its step number `at`; a write that is cut off leaves half of its bytes. */
function dyingFs(at: number): { fs: StoreFs; died: Promise<'died'>; end(): Promise<unknown> } {
  const handles: realFs.FileHandle[] = [];
  let steps = 0;
  let die: (how: 'died') => void;
  const died = new Promise<'died'>((resolve) => (die = resolve));
  const step = async <T>(work: () => Promise<T>, half?: () => Promise<unknown>): Promise<T> => {
    if (steps++ < at) return work();
    if (steps === at + 1) await half?.();
    die('died');
    return new Promise<T>(() => undefined);
  };
  const open: StoreFs['open'] = async (...args) => {
    const handle = await step(() => realFs.open(...args));
    handles.push(handle);
    return new Proxy(handle, {
      get(target, name) {
        if (name === 'writeFile')
          return (bytes: Uint8Array) =>
            step(
              () => target.writeFile(bytes),
              () => target.writeFile(bytes.subarray(0, bytes.length / 2)),
            );
        if (name === 'sync') return () => step(() => target.sync());
        const value = Reflect.get(target, name) as unknown;
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  };
  const changing = Object.fromEntries(
    (['link', 'mkdir', 'rename', 'rm', 'unlink'] as const).map((name) => [
      name,
      (...args: unknown[]) => step(() => (realFs[name] as (...all: unknown[]) => Promise<unknown>)(...args)),
    ]),
  );
  return {
    fs: { ...realFs, ...changing, open } as StoreFs,
    died,
    end: () => Promise.all(handles.map((handle) => handle.close().catch(() => undefined))),
  };
}

describe('a process that is killed at any step of the queue', () => {
  it('leaves every envelope that was added and not acknowledged, whole, and counts what it evicted', async () => {
    let at = 0;
    for (let finished = false; !finished; at++) {
      const place = join(dir, String(at));
      mkdirSync(place);
      const { fs, died, end } = dyingFs(at);
      const { queue } = queueOn(makeFileStore(place, { fs, pid: DEAD_PID }));
      const keys = [1, 2, 3, 4].map(() => entryKey(SEALED_MS, Math.random));
      const added: number[] = [];
      let acknowledged = -1;
      const work = async (): Promise<'done'> => {
        for (const [n, key] of keys.entries()) {
          await queue.add(key, entry(n));
          added.push(n);
        }
        await queue.lease(keys[1] ?? '');
        acknowledged = 1;
        await queue.remove(keys[1] ?? '');
        await queue.lease(keys[2] ?? '');
        await queue.release(keys[2] ?? '', { tries: 1 });
        return 'done';
      };
      finished = (await Promise.race([died, work()])) === 'done';
      await end();

      const after = makeFileStore(place);
      const { queue: next } = queueOn(after);
      const kept = new Map(await next.list());
      for (const n of added) {
        // The first gave way to the fourth, in the middle of whose adding it may be gone already.
        if (n === acknowledged || (n === 0 && (added.length === 4 || !kept.has(keys[0] ?? '')))) continue;
        expect(kept.get(keys[n] ?? '')?.bytes, `killed at step ${at}: envelope ${n}`).toEqual(Buffer.alloc(424, n));
      }
      if (added.includes(0) && !kept.has(keys[0] ?? '')) expect(await after.entries('l:'), `killed at step ${at}`).not.toEqual([]);
      for (const file of readdirSync(join(place), { recursive: true }) as string[]) expect(file).not.toMatch(/\.(tmp|claim)$/);
    }
    expect(at).toBeGreaterThan(40);
  });
});

/** A file system as small as asked: a real one where we may mount, else one that refuses to write while it is full. */
function smallDisk(path: string): { store: () => Store; fill(): void; free(): void; end(): void } {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', path], { stdio: 'ignore' });
  } catch {
    let isFull = false;
    const open: StoreFs['open'] = async (...args) => {
      if (isFull && args[1] === 'wx') throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      return realFs.open(...args);
    };
    return {
      store: () => makeFileStore(join(path, 'store'), { fs: { ...realFs, open } }),
      fill: () => void (isFull = true),
      free: () => void (isFull = false),
      end: () => undefined,
    };
  }
  const filler = join(path, 'filler');
  return {
    store: () => makeFileStore(join(path, 'store')),
    fill() {
      const { bavail, bsize } = statfsSync(path);
      writeFileSync(filler, Buffer.alloc(bavail * bsize));
    },
    free: () => truncateSync(filler, 0),
    end: () => void execFileSync('umount', [path]),
  };
}

describe('a full disk', () => {
  it('takes no report away: what it does not take is kept in memory and counted, all of it is delivered, and written when there is room', async () => {
    const c = await startCollector();
    c.answer = (response) => void response.writeHead(503).end();
    const disk = smallDisk(dir);
    try {
      const options = {
        project: 'shop',
        release: '1.0.0',
        hosts: ['api.shop.example'],
        collectors: [c.origin],
        witnesses: [],
        recipientKey: KEYS.publicKey,
        consent: 'granted',
      } as const;
      const agent = init(options, { store: disk.store(), liveDelayMs: 1e9 });
      const lost: string[] = [];
      agent.onEvent((event) => event.kind === 'dropped' && lost.push(event.reason));
      agent.report({ host: 'api.shop.example', type: 'app.before' });
      expect(await agent.flush()).toMatchObject({ kept: 1 });
      disk.fill();
      agent.report({ host: 'api.shop.example', type: 'app.full' });
      expect(await agent.flush()).toMatchObject({ delivered: 0, kept: 2 });
      expect(lost).toEqual(['storage_failed']);
      expect(await disk.store().entries('e:')).toHaveLength(1);
      disk.free();
      agent.report({ host: 'api.shop.example', type: 'app.after' });
      await agent.flush();
      expect((await disk.store().entries('e:')).length).toBeGreaterThanOrEqual(3);
      disk.fill();
      c.answer = (response) => void response.writeHead(204).end();
      c.received.length = 0;
      expect(await agent.flush()).toMatchObject({ kept: 0 });
      const types = c.received.flatMap(({ body }) => body.failures.map(({ type }) => type));
      expect(types.sort()).toEqual(['app.after', 'app.before', 'app.full']);
      expect(await disk.store().entries('e:')).toEqual([]);
      await agent.close();
    } finally {
      disk.end();
      await c.close();
    }
  });
});

describe('an epoch that cannot be read', () => {
  /** A file system whose files cannot be opened for reading from the read number `from` on. */
  const failing = (code: string): { fs: StoreFs; failFrom(read: number): void } => {
    let reads = 0;
    let from = Infinity;
    const readFile = ((...args: Parameters<StoreFs['readFile']>) =>
      reads++ >= from ? Promise.reject(Object.assign(new Error(code), { code })) : realFs.readFile(...args)) as StoreFs['readFile'];
    return { fs: { ...realFs, readFile }, failFrom: (read) => ((reads = 0), void (from = read)) };
  };

  for (const code of ['EMFILE', 'EIO', 'EACCES'])
    for (const read of [0, 1])
      it(`is no other one: ${code} at read ${read + 1} of a write takes nothing away`, async () => {
        const { fs, failFrom } = failing(code);
        const store = makeFileStore(dir, { fs });
        await store.write(0, [['e:0', 'old']]);
        const of = await store.erase();
        expect(await store.write(of, [['e:1', 'kept']])).toBe(true);
        failFrom(read);
        await expect(store.write(of, [['e:2', 'new']])).rejects.toThrow(code);
        await expect(store.update(0, 'e:1', () => 'changed')).rejects.toThrow(code);
        failFrom(Infinity);
        expect(await store.entries('e:1')).toEqual([['e:1', 'kept']]);
      });

  it('stops what is asked just now, not the consent', async () => {
    const { fs, failFrom } = failing('EMFILE');
    const store = makeFileStore(dir, { fs });
    await store.write(0, [['e:0', 'old']]);
    const of = await store.erase();
    const { platform } = makePlace(['https://c1.example.net'], {}, { store });
    let isGone = false;
    const grant = makeGrant({
      options: checkOptions(optionsFor(['https://c1.example.net']), 'sdk-browser'),
      platform,
      epoch: of,
      onGone: () => void (isGone = true),
      emit: () => undefined,
      lose: () => undefined,
    });
    failFrom(0);
    expect(await grant.holds()).toBe(false);
    expect(isGone).toBe(false);
    failFrom(Infinity);
    expect(await grant.holds()).toBe(true);
  });

  it('is the first one where no file is, nor can be', async () => {
    writeFileSync(join(dir, 'file'), '');
    expect(await makeFileStore(join(dir, 'none')).epoch()).toBe(0);
    expect(await makeFileStore(join(dir, 'file', 'below')).epoch()).toBe(0);
  });
});

describe('torn bytes', () => {
  it('are dropped and counted, and spoil nothing beside them', async () => {
    const { queue, lost } = queueOn(makeFileStore(dir));
    const [torn = '', whole = ''] = [1, 2].map(() => entryKey(SEALED_MS, Math.random));
    await queue.add(torn, entry(1));
    await queue.add(whole, entry(2));
    truncateSync(join(dir, '0', encodeURIComponent(torn)), 100);
    expect((await queue.list()).map(([key]) => key)).toEqual([whole]);
    expect(lost).toEqual(['storage_failed']);
    expect(readdirSync(join(dir, '0'))).toEqual([encodeURIComponent(whole)]);
  });
});
