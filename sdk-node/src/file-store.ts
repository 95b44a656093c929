/**
 * The store of a process: one file per entry in `<directory>/<epoch>/`, written, synced, renamed, directory synced. A read-modify-write
 * claims its file by renaming it, so processes that share the directory never both change it. The consent epoch is the name of the
 * folder: raising it and removing the old folder leaves a late writer no place to write to, without any lock.
 *
 * What a killed process leaves half done is cleared by the next one: temporary files go, claimed files get their name back.
 * Signing keys stay in memory: WebCrypto does not give their private half out, so there is nothing to write.
 */
import { randomBytes } from 'node:crypto';
import * as realFs from 'node:fs/promises';
import { join } from 'node:path';
import { makeMemoryStore } from '@outcry/core';
import type { Store } from '@outcry/core';
import { Encoder } from 'cbor-x';

/** Trusted bytes only: this process or its siblings wrote them. Whole envelopes come back as Uint8Array. */
const coder = new Encoder({ useRecords: false, tagUint8Array: false, variableMapSize: true });
const STALE_MS = 60_000;
const EPOCH_FILE = 'epoch';
/** `<name>.<pid>-<random>.<tmp|claim>` */
const PASSING = /^(.+)\.(\d+)-[0-9a-f]+\.(tmp|claim)$/;

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;
const isGone = (error: unknown): boolean => codeOf(error) === 'ENOENT';
/** Nor can it be there: what should be its folder is a file. */
const isNowhere = (error: unknown): boolean => isGone(error) || codeOf(error) === 'ENOTDIR';
const nameOf = (key: string): string => encodeURIComponent(key);
const staysInMemory = (key: string): boolean => key.startsWith('s:');

/** `missing` where the file is not there. */
async function unlessGone<T>(work: Promise<T>, missing: T): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (isGone(error)) return missing;
    throw error;
  }
}

/** What the store needs of the file system. */
export type StoreFs = Pick<typeof realFs, 'link' | 'mkdir' | 'open' | 'readdir' | 'readFile' | 'rename' | 'rm' | 'stat' | 'unlink'>;

/** Parts that a test may replace. */
export interface FileStoreParts {
  readonly fs?: StoreFs;
  /** Of this process, in the names of files that it has in work. */
  readonly pid?: number;
}

/** Undefined for torn bytes. */
function decoded(bytes: Uint8Array): unknown {
  try {
    return coder.decode(bytes) as unknown;
  } catch {
    return undefined;
  }
}

async function syncFolder({ open }: StoreFs, folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A synced temporary file; the caller gives it its name. */
async function writeTemporary({ open, unlink }: StoreFs, path: string, bytes: Uint8Array): Promise<string> {
  const handle = await open(path, 'wx', 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } catch (error) {
    await unlink(path).catch(() => undefined);
    throw error;
  } finally {
    await handle.close();
  }
  return path;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** Takes back what a process that is gone had in work. */
async function tidy({ link, readdir, stat, unlink }: StoreFs, folder: string): Promise<void> {
  for (const file of await unlessGone(readdir(folder), [])) {
    const [, name, pid, sort] = PASSING.exec(file) ?? [];
    if (name === undefined) continue;
    const path = join(folder, file);
    const since = await unlessGone(stat(path), undefined);
    if (!since || (isAlive(Number(pid)) && Date.now() - since.ctimeMs < STALE_MS)) continue;
    // `link` never replaces a newer file of that name.
    if (sort === 'claim') await link(path, join(folder, name)).catch(() => undefined);
    await unlink(path).catch(() => undefined);
  }
}

/**
 * @param directory - Made with mode 0700 at the first write, not before.
 * Its methods reject with the errors of the file system (`ENOSPC`, `EACCES`); the agent then keeps envelopes in memory and counts
 * `storage_failed`.
 */
export function makeFileStore(directory: string, { fs = realFs, pid = process.pid }: FileStoreParts = {}): Store {
  const { link, mkdir, readdir, readFile, rename, rm, stat, unlink } = fs;
  const passing = (name: string, sort: 'tmp' | 'claim'): string => `${name}.${pid}-${randomBytes(6).toString('hex')}.${sort}`;
  const folderOf = (epoch: number): string => join(directory, String(epoch));
  const memory = makeMemoryStore();
  let memoryEpoch = 0;
  let turn: Promise<unknown> = Promise.resolve();
  let tidiedAtMs = -Infinity;

  /** One change at a time within this process. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = turn.then(work);
    turn = mine.catch(() => undefined);
    return mine;
  }

  /** Rejects where it cannot be read: taken for another, it would have the folder of the present one removed. */
  async function epoch(): Promise<number> {
    try {
      return Number(await readFile(join(directory, EPOCH_FILE), 'utf8')) || 0;
    } catch (error) {
      if (isNowhere(error)) return 0;
      throw error;
    }
  }

  async function tidyWhenDue(path: string): Promise<void> {
    if (Date.now() - tidiedAtMs < STALE_MS) return;
    tidiedAtMs = Date.now();
    await tidy(fs, path);
  }

  async function folder(of: number): Promise<string> {
    const path = folderOf(of);
    await mkdir(path, { recursive: true, mode: 0o700 });
    await tidyWhenDue(path);
    return path;
  }

  async function read(path: string): Promise<unknown> {
    const bytes = await unlessGone(readFile(path), undefined);
    return bytes && decoded(bytes);
  }

  async function put(path: string, name: string, value: unknown): Promise<void> {
    const temporary = await writeTemporary(fs, join(path, passing(name, 'tmp')), coder.encode(value));
    await rename(temporary, join(path, name));
  }

  /** Runs a change in the folder of its epoch; false when that is not, or no longer, the present one. */
  async function within(of: number, change: (path: string) => Promise<void>): Promise<boolean> {
    if (of !== (await epoch())) return false;
    try {
      await change(await folder(of));
    } catch (error) {
      if (isGone(error) && of !== (await epoch())) return false;
      throw error;
    }
    if (of === (await epoch())) return true;
    // Withdrawn in between: whoever raised the epoch may have passed this folder already.
    await rm(folderOf(of), { recursive: true, force: true });
    return false;
  }

  /** Takes the file for this process alone; undefined when there is none, or another has it. */
  async function claim(path: string, name: string): Promise<string | undefined> {
    const claimed = join(path, passing(name, 'claim'));
    return unlessGone(
      rename(join(path, name), claimed).then(() => claimed),
      undefined,
    );
  }

  return {
    durable: true,
    epoch,
    get: async (key) => (staysInMemory(key) ? memory.get(key) : read(join(folderOf(await epoch()), nameOf(key)))),
    async entries(prefix) {
      const kept = await memory.entries(prefix);
      const path = folderOf(await epoch());
      await tidyWhenDue(path);
      const files = (await unlessGone(readdir(path), [])).filter(
        (file) => !PASSING.test(file) && decodeURIComponent(file).startsWith(prefix),
      );
      for (const file of files.sort()) {
        const bytes = await readFile(join(path, file)).catch(() => undefined);
        // Torn bytes are told as such: the agent drops and counts them.
        if (bytes) kept.push([decodeURIComponent(file), decoded(bytes)]);
      }
      return kept;
    },
    write: (of, puts, deletes = []) =>
      inTurn(() =>
        within(of, async (path) => {
          for (const [key, value] of puts)
            if (staysInMemory(key)) await memory.write(memoryEpoch, [[key, value]]);
            else await put(path, nameOf(key), value);
          for (const key of deletes)
            if (staysInMemory(key)) await memory.write(memoryEpoch, [], [key]);
            else await unlessGone(unlink(join(path, nameOf(key))), undefined);
          await syncFolder(fs, path);
        }),
      ),
    update: (of, key, change) =>
      inTurn(() =>
        within(of, async (path) => {
          if (staysInMemory(key)) {
            await memory.update(memoryEpoch, key, change);
            return;
          }
          const name = nameOf(key);
          const claimed = await claim(path, name);
          try {
            const value = change(claimed && (await read(claimed)));
            if (value !== undefined) await put(path, name, value);
          } catch (error) {
            // A full disk: it has its name back at once.
            if (claimed) await link(claimed, join(path, name)).catch(() => undefined);
            if (claimed) await unlink(claimed).catch(() => undefined);
            throw error;
          }
          // Another process may have taken it for a dead one's, and given it its name back.
          if (claimed) await unlessGone(unlink(claimed), undefined);
        }),
      ),
    erase: () =>
      inTurn(async () => {
        memoryEpoch = await memory.erase();
        const of = await epoch();
        if (!(await unlessGone(stat(directory), undefined))) return of;
        const next = of + 1;
        const temporary = await writeTemporary(fs, join(directory, passing(EPOCH_FILE, 'tmp')), Buffer.from(String(next)));
        await rename(temporary, join(directory, EPOCH_FILE));
        await syncFolder(fs, directory);
        for (const file of await readdir(directory))
          if (/^\d+$/.test(file) && Number(file) < next) await rm(join(directory, file), { recursive: true, force: true, maxRetries: 5 });
        return next;
      }),
  };
}
