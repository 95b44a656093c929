/**
 * Looks at a journal's file before lmdb maps it: of a file that was cut off lmdb reads pages that are not there, which ends the process
 * with a signal instead of an error. Layout of the two meta pages: `MDB_meta` in lmdb's `mdb.c`, behind a page header of 24 bytes.
 */
import { closeSync, fstatSync, fsyncSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { OutcryError } from '@outcry/protocol';

const META_PAGES = 2;
const MAGIC = 0xbeefc0de;
/** Bytes that a page's head and `MDB_meta` take. */
const META_BYTES = 152;
const AT = { magic: 24, pageBytes: 48, lastPage: 144 };
/** Pages are as large as those of the system that made the file: 4 KiB mostly, 16 KiB on Apple's machines. */
const [SMALLEST_PAGE, LARGEST_PAGE] = [512, 65_536];
/** Beside the journal, so that one that is gone is not taken for one that never was. */
const MARKER = 'journal.id';

/**
 * Whether the file can be a whole journal: both meta pages are lmdb's, and it reaches as far as the older of them says, which the newer
 * one cannot undo. Pure. Holds because no transaction of ours both puts and removes a value of several pages: lmdb counts the pages of
 * such a one at the end of the file, and never writes them (seen in 456 of 4,000 looks at a journal that did so, in none without).
 *
 * @param head - The first 128 KiB, or all of a smaller file.
 * @param size - Bytes of the whole file.
 */
export function isWhole(head: Buffer, size: number): boolean {
  if (head.length < META_BYTES || head.readUInt32LE(AT.magic) !== MAGIC) return false;
  const pageBytes = head.readUInt32LE(AT.pageBytes);
  if (pageBytes < SMALLEST_PAGE || pageBytes > LARGEST_PAGE || head.length < META_PAGES * pageBytes) return false;
  const metas = Array.from({ length: META_PAGES }, (_, page) => head.subarray(page * pageBytes, (page + 1) * pageBytes));
  if (metas.some((meta) => meta.readUInt32LE(AT.magic) !== MAGIC)) return false;
  const pages = Math.min(...metas.map((meta) => Number(meta.readBigUInt64LE(AT.lastPage)))) + 1;
  return size >= pages * pageBytes;
}

const markerOf = (path: string): string => join(dirname(path), MARKER);

function wasMade(path: string): boolean {
  try {
    return readFileSync(markerOf(path)).length > 0;
  } catch {
    return false;
  }
}

/**
 * Throws `OUTCRY_JOURNAL_DAMAGED` when the file at `path` is there and cannot be a whole journal, or was there once and is gone or empty;
 * the system's error when it cannot be read. Changes nothing.
 */
export function checkJournalFile(path: string): void {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    if (wasMade(path)) throw new OutcryError('OUTCRY_JOURNAL_DAMAGED', 'its file is gone');
    return;
  }
  try {
    const { size } = fstatSync(file);
    // A start that was cut off before the first page was written left nothing to lose.
    if (size === 0 && !wasMade(path)) return;
    const head = Buffer.alloc(META_PAGES * LARGEST_PAGE);
    const length = readSync(file, head, 0, head.length, 0);
    if (!isWhole(head.subarray(0, length), size)) throw new OutcryError('OUTCRY_JOURNAL_DAMAGED', 'its file was cut off or overwritten');
  } finally {
    closeSync(file);
  }
}

/** Makes the names of a journal that was just made last through a power loss, and notes that it was made. */
export function keepJournalFile(path: string, id: string): void {
  if (wasMade(path)) return;
  writeFileSync(markerOf(path), `${id}\n`, { mode: 0o600, flush: true });
  for (const directory of [dirname(path), dirname(dirname(path))]) {
    const opened = openSync(directory, 'r');
    try {
      fsyncSync(opened);
    } finally {
      closeSync(opened);
    }
  }
}
