import {
  ATTEMPT_FIELDS,
  CONSENT_FIELDS,
  CONTEXT_FIELDS,
  DELIVERY_FIELDS,
  encodeBody,
  FAILURE_FIELDS,
  HOST_PATTERN,
  LOSS_FIELDS,
  type Field,
} from '@outcry/protocol';
import { decodeBody } from '@outcry/protocol/open';
import * as notes from '@outcry/protocol/notes';
import { describe, expect, it } from 'vitest';
import { leastCpuMs } from '../../cpu-time.js';
import { sampleBody } from './sample-body.js';

const SECTIONS = {
  context: [CONTEXT_FIELDS, notes.CONTEXT_NOTES, notes.CONTEXT_COLUMNS],
  failures: [FAILURE_FIELDS, notes.FAILURE_NOTES, notes.FAILURE_COLUMNS],
  attempts: [ATTEMPT_FIELDS, notes.ATTEMPT_NOTES, notes.ATTEMPT_COLUMNS],
  deliveries: [DELIVERY_FIELDS, notes.DELIVERY_NOTES, notes.DELIVERY_COLUMNS],
  losses: [LOSS_FIELDS, notes.LOSS_NOTES, notes.LOSS_COLUMNS],
  consents: [CONSENT_FIELDS, notes.CONSENT_NOTES, notes.CONSENT_COLUMNS],
} as const;
const sections = Object.entries(SECTIONS);
const allFields: readonly Field[] = sections.flatMap(([, [fields]]) => [...fields]);

/** Words of what must never leave a device. */
const FORBIDDEN = /(^|_)(ip|address|path|query|url|referrer|cookie|user|device_id|resolver|traceroute|latitude|longitude)($|_)/;

describe('field tables', () => {
  it('hold no name twice within one row', () => {
    for (const [, [fields]] of sections) expect(new Set(fields.map((field) => field.name)).size).toBe(fields.length);
    const report = [...CONTEXT_FIELDS, ...FAILURE_FIELDS].map((field) => field.name);
    expect(new Set(report).size).toBe(report.length);
  });

  it('name nothing that must never leave a device', () => {
    for (const { name } of allFields) expect(name).not.toMatch(FORBIDDEN);
  });

  it('take ASCII only, so that text is well-formed and its length is its size', () => {
    for (const field of allFields) {
      if (!('pattern' in field)) continue;
      for (const text of ['é', 'a\u0301', '\ud800', 'аpi.example', 'a\n', ' a', 'a b'])
        expect(field.pattern.test(text), field.name).toBe(false);
    }
  });

  it('keep their order: a change here breaks collectors that are older or younger', () => {
    expect(Object.fromEntries(sections.map(([name, [fields]]) => [name, fields.map((field) => field.name).join(' ')]))).toMatchSnapshot();
  });
});

describe('HOST_PATTERN', () => {
  it.each(['api.shop.example', 'localhost', 'a', 'xn--bcher-kva.example', '_dmarc.example', '192.0.2.7', '[2001:db8::7]', 'example.'])(
    'takes %s',
    (host) => expect(host).toMatch(HOST_PATTERN),
  );

  it.each([
    '',
    '.',
    'API.example',
    '-a.example',
    'a-.example',
    'a..b',
    'a.example:443',
    'https://a.example',
    'a/b',
    'a@b',
    `${'a'.repeat(64)}.example`,
    '[::1',
    '2001:db8::7',
  ])('refuses %j', (host) => expect(host).not.toMatch(HOST_PATTERN));

  it('refuses the longest hostile names at once', async () => {
    for (const host of [`${'a-'.repeat(126)}!`, `${'a.'.repeat(126)}!`, `${'-'.repeat(252)}a`]) {
      expect(host).not.toMatch(HOST_PATTERN);
      expect(await leastCpuMs(() => HOST_PATTERN.test(host), { repeat: 100 })).toBeLessThan(1);
    }
  });
});

describe('field notes', () => {
  it.each(sections)('have an example of %s that the validator takes', (name, [fields, noteOf]) => {
    const record = Object.fromEntries(fields.map((field) => [field.name, noteOf[field.name as keyof typeof noteOf]['example']]));
    const body = { ...sampleBody, [name]: name === 'context' ? record : [record] };
    const decoded = decodeBody(encodeBody(body)).body[name as keyof typeof SECTIONS];
    expect(decoded).toEqual(name === 'context' ? record : [record]);
  });

  it.each(sections)('give every field of %s one column of its own', (_, [fields, , columns]) => {
    expect(columns.map((column) => column.field)).toEqual(fields.map((field) => field.name));
    expect(new Set(columns.map((column) => column.name)).size).toBe(columns.length);
  });

  it('give integers a column that holds their largest value', () => {
    const largest: Record<string, number> = { UInt8: 0xff, UInt16: 0xffff, UInt32: 0xffffffff, "DateTime('UTC')": 0xffffffff };
    for (const [, [fields, , columns]] of sections) {
      for (const field of fields as readonly Field[]) {
        if (field.type !== 'uint') continue;
        const type = columns.find((column) => column.field === field.name)?.type ?? '';
        expect(largest[type], `${field.name} ${type}`).toBeGreaterThanOrEqual(field.max);
      }
    }
  });

  it('give no name to two columns of a row of reports', () => {
    const names = [...notes.CONTEXT_COLUMNS, ...notes.FAILURE_COLUMNS]
      .map((column) => column.name)
      .concat(Object.keys(notes.COLLECTOR_NOTES));
    expect(new Set(names).size).toBe(names.length);
  });
});
