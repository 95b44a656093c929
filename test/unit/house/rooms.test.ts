/** The house itself: which room may import which, and how long a file may be. Source: the list of rooms in README. */
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));

const MAY_IMPORT: Record<string, string[]> = {
  protocol: [],
  'sdk-core': ['@outcry/protocol'],
  'sdk-browser': ['@outcry/protocol', '@outcry/core'],
  'sdk-node': ['@outcry/protocol', '@outcry/core'],
  storage: ['@outcry/protocol'],
  collector: ['@outcry/protocol', '@outcry/storage'],
  analyzer: ['@outcry/protocol', '@outcry/storage'],
  'examples/shop': ['@outcry/node', '@outcry/browser'],
  cli: ['@outcry/protocol', '@outcry/node', '@outcry/storage', '@outcry/collector', '@outcry/analyzer', 'outcry-example-shop'],
};
const PLATFORM_FREE = ['sdk-core', 'sdk-browser'];
const MAX_LINES = 300;

interface SourceFile {
  room: string;
  path: string;
  text: string;
  imports: string[];
}

const files: SourceFile[] = Object.keys(MAY_IMPORT).flatMap((room) =>
  readdirSync(join(root, room, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => {
      const file = join(entry.parentPath, entry.name);
      const text = readFileSync(file, 'utf8');
      const imports = [...text.matchAll(/^(?:import|export)\b[^;'=]*\bfrom '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm)].map(
        (match) => match.slice(1).find((name) => name !== undefined) ?? '',
      );
      return { room, path: relative(root, file), text, imports };
    }),
);

describe('the rooms', () => {
  it('finds source files in every room', () => {
    expect(new Set(files.map(({ room }) => room))).toEqual(new Set(Object.keys(MAY_IMPORT)));
  });

  it('import only from rooms above them', () => {
    const wrong = files.flatMap(({ room, path, imports }) =>
      imports
        .filter((name) => name.startsWith('@outcry/') || name.startsWith('outcry-'))
        .filter(
          (name) =>
            !MAY_IMPORT[room]?.includes(
              name
                .split('/')
                .slice(0, name.startsWith('@') ? 2 : 1)
                .join('/'),
            ),
        )
        .map((name) => `${path} imports ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  it('keep Node out of what runs in a page', () => {
    const wrong = files.filter(({ room, imports }) => PLATFORM_FREE.includes(room) && imports.some((name) => name.startsWith('node:')));
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  it(`keep files at ${String(MAX_LINES)} lines or less`, () => {
    const long = files.filter(({ text }) => text.split('\n').length > MAX_LINES && !/^\/\*\*[\s\S]{0,600}Long because/.test(text));
    expect(long.map(({ path }) => path)).toEqual([]);
  });

  it('have no circular imports', () => {
    const byPath = new Map(files.map((file) => [file.path, file]));
    const edges = (file: SourceFile) =>
      file.imports
        .filter((name) => name.startsWith('.'))
        .flatMap((name) => byPath.get(join(file.path, '..', name).replace(/\.js$/, '.ts')) ?? []);
    const done = new Set<SourceFile>();
    const circles: string[] = [];
    const visit = (file: SourceFile, way: SourceFile[]) => {
      if (way.includes(file)) circles.push([...way.slice(way.indexOf(file)), file].map(({ path }) => path).join(' → '));
      if (way.includes(file) || done.has(file)) return;
      for (const next of edges(file)) visit(next, [...way, file]);
      done.add(file);
    };
    for (const file of files) visit(file, []);
    expect(circles).toEqual([]);
  });
});
