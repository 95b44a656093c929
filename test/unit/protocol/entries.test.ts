/** What each entry may import, by reading the sources: agents run in browsers, under a strict content security policy. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const source = (file: string): string => readFileSync(new URL(`../../../protocol/src/${file}`, import.meta.url), 'utf8');
/** Comments may speak of anything. */
const codeOf = (file: string): string =>
  source(file)
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/\/\/.*$/gm, '');

/** Every file an entry loads at run time, and every package. */
function loadedBy(entry: string): { files: Set<string>; packages: Set<string> } {
  const files = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: string): void => {
    if (files.has(file)) return;
    files.add(file);
    for (const [, names = '', target = ''] of codeOf(file).matchAll(/(?:import|export)\s+([^;'"]*?)\s*from\s+'([^']+)'/g)) {
      if (names.startsWith('type ')) continue;
      if (target.startsWith('./')) visit(target.slice(2).replace(/\.js$/, '.ts'));
      else packages.add(target);
    }
  };
  visit(entry);
  return { files, packages };
}

describe.each([
  ['index.ts', []],
  ['seal.ts', []],
  ['seal-nacl.ts', ['tweetnacl']],
  ['notes.ts', []],
] as const)('%s', (entry, allowed) => {
  const { files, packages } = loadedBy(entry);

  it('loads no package but those named here', () => {
    expect([...packages]).toEqual(allowed);
  });

  it('uses nothing of Node and generates no code', () => {
    for (const file of files) expect(codeOf(file), file).not.toMatch(/\bBuffer\b|\bprocess\.\w|\brequire\(|\beval\(|new Function/);
  });
});

it('agents load neither the notes nor the error texts with sealing', () => {
  for (const entry of ['seal.ts', 'seal-nacl.ts']) {
    const { files } = loadedBy(entry);
    for (const file of ['errors.ts', 'fields.ts', 'field-notes.ts', 'note.ts', 'open.ts']) expect(files).not.toContain(file);
  }
  expect(loadedBy('index.ts').files).not.toContain('field-notes.ts');
});
