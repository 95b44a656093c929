/**
 * Writes docs/errors.md and docs/reference/fields.md from the built protocol. `--check` writes nothing and exits 1 when a file
 * differs, naming it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { errorsPage, fieldsPage } from './doc-pages.mjs';
import * as protocol from '../protocol/dist/index.js';
import * as notes from '../protocol/dist/notes.js';

const pages = { 'docs/errors.md': errorsPage(protocol), 'docs/reference/fields.md': fieldsPage(protocol, notes) };

function read(url) {
  try {
    return readFileSync(url, 'utf8');
  } catch {
    return '';
  }
}

for (const [file, text] of Object.entries(pages)) {
  const url = new URL(`../${file}`, import.meta.url);
  if (!process.argv.includes('--check')) writeFileSync(url, text);
  else if (read(url) !== text) {
    console.error(`${file} differs from the protocol's tables: run node scripts/write-docs.mjs`);
    process.exitCode = 1;
  }
}
