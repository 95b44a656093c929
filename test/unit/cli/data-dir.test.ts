import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { prepareDataDir } from '../../../cli/src/data-dir.js';

let base: string;
let warnings: string[] = [];
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'outcry-data-dir-'));
  warnings = [];
});
afterEach(() => rmSync(base, { recursive: true }));

const modeOf = (path: string): number => statSync(path).mode & 0o7777;
const prepare = (path: string): void => prepareDataDir(path, (line) => warnings.push(line));
/** A directory of before, whatever the umask is. */
function existing(mode: number): string {
  const path = join(base, 'there');
  mkdirSync(path);
  chmodSync(path, mode);
  return path;
}

describe.skipIf(process.platform === 'win32')('the data directory', () => {
  it('is made for this user alone, with what is missing above it', () => {
    prepare(join(base, 'a', 'b'));
    for (const path of ['a', 'a/b', 'a/b/logs']) expect(modeOf(join(base, path)), path).toBe(0o700);
    expect(readdirSync(join(base, 'a', 'b'))).toEqual(['logs']);
    expect(warnings).toEqual([]);
  });

  it.each([0o755, 0o750, 0o775])('keeps its mode where it was there before (%o), and a line says who else may use it', (mode) => {
    const path = existing(mode);
    prepare(path);
    expect(modeOf(path)).toBe(mode);
    expect(warnings).toEqual([
      `outcry: ${path} has mode 0${mode.toString(8)}: others than this user may use it; chmod 0700 keeps them out`,
    ]);
  });

  it.each([0o1777, 0o777, 0o702])('is refused where everybody may write (%o), and nothing in it is changed', (mode) => {
    const path = existing(mode);
    expect(() => prepare(path)).toThrow(/^OUTCRY_DATA_DIR: .*there has mode 0\d{3}: everybody may write there/);
    expect(modeOf(path)).toBe(mode);
    expect(readdirSync(path)).toEqual([]);
  });

  it('of this user alone is taken without a word', () => {
    prepare(existing(0o700));
    expect(warnings).toEqual([]);
  });
});
