import { ERRORS, FINAL_CODES, OutcryError } from '@outcry/protocol';
import * as protocol from '@outcry/protocol';
import * as notes from '@outcry/protocol/notes';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { errorsPage, fieldsPage } from '../../../scripts/doc-pages.mjs';

const doc = (file: string): string => readFileSync(new URL(`../../../docs/${file}`, import.meta.url), 'utf8');

describe('the error table', () => {
  it('answers every final code with 4xx, since an agent believes no other answer', () => {
    for (const code of FINAL_CODES) expect(ERRORS[code].status, code).toSatisfy((status: number) => status >= 400 && status < 500);
  });

  it('does not call a code final that another collector or a later try may not give', () => {
    expect(FINAL_CODES).not.toContain('unknown_key');
    for (const [code, { status }] of Object.entries(ERRORS)) if (status === 429 || status >= 500) expect(FINAL_CODES).not.toContain(code);
  });

  it('writes thrown codes in capitals and answered ones in lower case', () => {
    for (const [code, { status }] of Object.entries(ERRORS)) expect(code).toMatch(status === 0 ? /^OUTCRY_[A-Z_]+$/ : /^[a-z_]+$/);
  });

  it('gives each error its code and a message that begins with it', () => {
    expect(new OutcryError('bad_cbor')).toMatchObject({ name: 'OutcryError', code: 'bad_cbor', message: 'bad_cbor' });
    expect(new OutcryError('OUTCRY_BAD_OPTION', 'hosts').message).toBe('OUTCRY_BAD_OPTION: hosts');
  });
});

describe('docs written from tables', () => {
  it('errors.md is what the table gives', () => {
    expect(doc('errors.md')).toBe(errorsPage(protocol));
  });

  it('fields.md is what the field tables and their notes give', () => {
    expect(doc('reference/fields.md')).toBe(fieldsPage(protocol, notes));
  });
});
