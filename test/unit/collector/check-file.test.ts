import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chmodSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { open } from 'lmdb';
import { checkJournalFile } from '../../../collector/src/journal/check-file.js';
import { openJournal } from '../../../collector/src/journal/journal.js';
import { options, removeDirectory, startCollector, temporaryDirectory } from './sealed.js';

let directory: string;
const file = (): string => join(directory, 'journal', 'journal.lmdb');
/** A journal with entries, closed. */
const makeJournal = async (): Promise<void> => {
  const journal = await openJournal(file(), { maxEntries: 1e6, maxBytes: 1e9 });
  for (let round = 0; round < 10; round += 1)
    await Promise.all(Array.from({ length: 10 }, () => journal.add(20_000, randomBytes(16), randomBytes(900))));
  await journal.close();
};

beforeEach(async () => void (directory = await temporaryDirectory()));
afterEach(() => removeDirectory(directory));

describe('a journal that is damaged', () => {
  const harms: [string, () => void][] = [
    ['was cut off in the middle', () => truncateSync(file(), Math.floor(readFileSync(file()).length / 8192) * 4096)],
    ['was cut off in its first page', () => truncateSync(file(), 3_000)],
    ['was emptied', () => truncateSync(file(), 0)],
    ['was deleted', () => rmSync(file())],
    [
      'was overwritten at its head',
      () => writeFileSync(file(), Buffer.concat([Buffer.alloc(8_192, 0xaa), readFileSync(file()).subarray(8_192)])),
    ],
  ];
  it.each(harms)('because it %s stops the start with its code, and is not changed', async (_name, harm) => {
    await makeJournal();
    harm();
    const before = await Promise.resolve()
      .then(() => readFileSync(file()))
      .catch(() => undefined);
    await expect(startCollector(options(directory))).rejects.toMatchObject({ code: 'OUTCRY_JOURNAL_DAMAGED' });
    const after = await Promise.resolve()
      .then(() => readFileSync(file()))
      .catch(() => undefined);
    expect(after).toEqual(before);
  });

  it('never looks like one that is new or whole', async () => {
    await (await startCollector(options(directory))).close();
    await (await startCollector(options(directory))).close();
    await removeDirectory(join(directory, 'journal'));
    await (await startCollector(options(directory))).close();
  });
});

describe('a journal of a system with larger pages', () => {
  it.each([4_096, 16_384, 32_768])('of %i bytes is taken for whole while it is, and no longer', async (pageSize) => {
    mkdirSync(join(directory, 'journal'));
    const root = open({ path: file(), noSubdir: true, encoding: 'binary', pageSize });
    for (const key of ['a', 'b', 'c']) await root.put(key, randomBytes(200_000));
    await root.close();
    expect(() => checkJournalFile(file())).not.toThrow();
    truncateSync(file(), pageSize * 3);
    expect(() => checkJournalFile(file())).toThrow('OUTCRY_JOURNAL_DAMAGED');
  });
});

describe.skipIf(process.getuid?.() !== 0)('a directory that its user may not use (needs root to become another user)', () => {
  it('stops the start with its code and the reason', async () => {
    mkdirSync(join(directory, 'journal'), { mode: 0o700 });
    chmodSync(directory, 0o755);
    const dist = new URL('../../../collector/dist/journal/journal.js', import.meta.url).href;
    const script = `import { openJournal } from ${JSON.stringify(dist)};
      await openJournal(${JSON.stringify(file())}, { maxEntries: 1, maxBytes: 1 }).catch((error) => { console.log(error.code); process.exit(3); });`;
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], { uid: 65_534, gid: 65_534, encoding: 'utf8' });
    expect([child.status, child.stdout.trim()]).toEqual([3, 'EACCES']);
  });
});
