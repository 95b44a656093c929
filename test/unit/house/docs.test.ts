/** The documents: what they point at exists, and what they name is what the code has. */
import { existsSync, readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ERRORS } from '@outcry/protocol';
import { describe, expect, it } from 'vitest';
import { createMetrics } from '../../../analyzer/src/metrics.js';
import { VERDICTS } from '../../../analyzer/src/pair/verdict.js';
import { WATCHED_KINDS } from '../../../analyzer/src/watch/build-series.js';
import { VARIABLES } from '../../../cli/src/config/variables.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
/** Variables of the command that stand for no setting. */
const OTHER_VARIABLES = ['OUTCRY_CONFIG', 'OUTCRY_REQUIRE_ALL'];

const listed = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], { cwd: root, encoding: 'utf8' });
const documents = listed.stdout
  .split('\n')
  .filter((path) => path !== '' && existsSync(join(root, path)))
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));

/** What is outside of code blocks. */
const prose = (text: string): string => text.replaceAll(/^```[\s\S]*?^```/gm, '');
const links = (text: string): string[] =>
  [
    ...prose(text)
      .replaceAll(/`[^`\n]*`/g, '')
      .matchAll(/\]\(([^)\s]+)\)/g),
  ].map(([, target = '']) => target);
const anchorsOf = (text: string): string[] =>
  [...prose(text).matchAll(/^#+ +(.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

describe('the documents', () => {
  it('are found', () => {
    expect(documents.map(({ path }) => path)).toContain('README.md');
    expect(documents.length).toBeGreaterThan(15);
  });

  it('link to files and headings that exist', () => {
    const wrong = documents.flatMap(({ path, text }) =>
      links(text).flatMap((target) => {
        if (/^(https?|mailto):/.test(target)) return [];
        const [file = '', anchor] = target.split('#');
        const to = file === '' ? path : join(dirname(path), file);
        if (!existsSync(join(root, to))) return [`${path}: ${target}`];
        if (anchor === undefined) return [];
        return anchorsOf(readFileSync(join(root, to), 'utf8')).includes(anchor) ? [] : [`${path}: ${target}`];
      }),
    );
    expect(wrong).toEqual([]);
  });

  it('are all reached from docs/README.md, decisions by their folder', () => {
    const index = readFileSync(join(root, 'docs/README.md'), 'utf8');
    const reached = links(index).map((target) => join('docs', target));
    const isReached = (path: string): boolean => reached.some((to) => path === to || (to === 'docs/adr' && path.startsWith('docs/adr/')));
    const own = documents.map(({ path }) => path).filter((path) => path.startsWith('docs/') && path !== 'docs/README.md');
    expect(own.filter((path) => !isReached(path))).toEqual([]);
  });

  it('have a next step for every verdict and kind of failure', () => {
    const missing = VERDICTS.flatMap((verdict) => {
      const anchors = anchorsOf(readFileSync(join(root, `docs/runbooks/${verdict}.md`), 'utf8'));
      return WATCHED_KINDS.filter((kind) => !anchors.includes(kind)).map((kind) => `${verdict}.md#${kind}`);
    });
    expect(missing).toEqual([]);
  });

  it('name only codes of the error table and variables that mean something', () => {
    const known = new Set([...Object.keys(ERRORS), ...VARIABLES.map(({ name }) => name), ...OTHER_VARIABLES]);
    const wrong = documents.flatMap(({ path, text }) =>
      [...text.matchAll(/\bOUTCRY_[A-Z0-9_]*[A-Z0-9]\b(?!_?\*)/g)]
        .map(([name]) => name)
        .flatMap((name) => (known.has(name) ? [] : [`${path}: ${name}`])),
    );
    expect(wrong).toEqual([]);
  });

  it('name only metrics that a service exports', async () => {
    const analyzer = (await createMetrics().registry.getMetricsAsJSON()).map(({ name }) => name);
    const collector = [...readFileSync(join(root, 'collector/src/metrics.ts'), 'utf8').matchAll(/'(outcry_\w+)'/g)].map(
      ([, name = '']) => name,
    );
    expect(collector).toContain('outcry_uploads_total');
    const known = new Set([...analyzer, ...collector]);
    const isNode = (name: string): boolean => /^outcry_(process|nodejs)_/.test(name);
    const wrong = documents.flatMap(({ path, text }) =>
      [...prose(text).matchAll(/\boutcry_[a-z_]+\b/g)]
        .map(([name]) => name)
        .flatMap((name) => (known.has(name) || isNode(name) ? [] : [`${path}: ${name}`])),
    );
    expect(wrong).toEqual([]);
  });
});
