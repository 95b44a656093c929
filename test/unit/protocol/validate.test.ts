import {
  ATTEMPT_FIELDS,
  CONSENT_FIELDS,
  CONTEXT_FIELDS,
  DELIVERY_FIELDS,
  encodeBody,
  FAILURE_FIELDS,
  LOSS_FIELDS,
  validateBody,
  type Field,
} from '@outcry/protocol';
import { decode } from 'cborg';
import { describe, expect, it } from 'vitest';
import { sampleBody } from './sample-body.js';

const coded = (code: string, message?: string) =>
  expect.objectContaining({ name: 'OutcryError', code, ...(message === undefined ? {} : { message: `${code}: ${message}` }) });
const wire = (): unknown[] => decode(encodeBody(sampleBody)) as unknown[];

/** The record at `section` (2 is the context itself, others are lists) of a fresh wire body. */
function recordAt(items: unknown[], section: number): unknown[] {
  const found = items[section] as unknown[];
  return section === 2 ? found : (found[0] as unknown[]);
}
function changed(section: number, change: (record: unknown[]) => void): unknown[] {
  const items = wire();
  change(recordAt(items, section));
  return items;
}

const SECTIONS: [number, readonly Field[]][] = [
  [2, CONTEXT_FIELDS],
  [3, FAILURE_FIELDS],
  [4, ATTEMPT_FIELDS],
  [5, DELIVERY_FIELDS],
  [6, LOSS_FIELDS],
  [7, CONSENT_FIELDS],
];
const ALL = SECTIONS.flatMap(([section, fields]) => fields.map((field, index) => ({ section, index, field, name: field.name })));

function wrongValues(field: Field): unknown[] {
  const always = [undefined, {}, new Uint8Array(1), -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 32, 2 ** 53, 10n];
  switch (field.type) {
    case 'uint':
      return [...always, null, true, '1', [1], field.max + 1, ...(field.min > 0 ? [field.min - 1] : [])];
    case 'bool':
      return [...always, null, 0, 1, 'true'];
    case 'choice':
      return [...always, null, true, field.values[0]];
    case 'text':
    case 'text?':
      return [
        ...always,
        0,
        true,
        ['a'],
        'é',
        '\ud800',
        'a\u0000b',
        'x'.repeat(field.maxLength + 1),
        ...(field.type === 'text' ? [null] : ['']),
      ];
    case 'texts':
      return [...always, null, 0, 'a.example', [1], ['é'], [null], Array.from({ length: field.maxItems + 1 }, () => 'a.example')];
  }
}

describe('validateBody', () => {
  it.each(ALL)('refuses every wrong $name of section $section, and names it', ({ section, index, field, name }) => {
    for (const value of wrongValues(field)) {
      const items = changed(section, (record) => (record[index] = value));
      expect(() => validateBody(items), JSON.stringify(String(value))).toThrow(coded('invalid_report', name));
    }
  });

  it.each(SECTIONS.map(([section]) => section))('counts and ignores what trails a record of section %d', (section) => {
    const items = changed(section, (record) => record.push('newer', [1], null));
    expect(validateBody(items)).toEqual({ body: sampleBody, unknownFields: 3 });
  });

  it.each(SECTIONS.map(([section]) => section))('refuses a shorter and a much longer record in section %d', (section) => {
    const name = ['context', 'failures', 'attempts', 'deliveries', 'losses', 'consents'][section - 2];
    expect(() => validateBody(changed(section, (record) => record.pop()))).toThrow(coded('invalid_report', name));
    expect(() => validateBody(changed(section, (record) => record.push(...Array.from({ length: 65 }, () => 0))))).toThrow(
      coded('invalid_report'),
    );
    expect(validateBody(changed(section, (record) => record.push(...Array.from({ length: 64 }, () => 0)))).unknownFields).toBe(64);
  });

  it('counts and ignores what trails the body', () => {
    expect(validateBody([...wire(), [], 'x'])).toEqual({ body: sampleBody, unknownFields: 2 });
    expect(() => validateBody([...wire(), ...Array.from({ length: 65 }, () => 0)])).toThrow(coded('invalid_report', 'body'));
  });

  it.each(ALL.filter(({ field }) => field.type === 'choice'))(
    'reads a newer value of $name as unknown where index 0 says so, else refuses it',
    ({ section, index, field, name }) => {
      if (field.type !== 'choice') return;
      const items = changed(section, (record) => (record[index] = field.values.length));
      if (['source', 'tries', 'bucket'].includes(name)) {
        expect(() => validateBody(items)).toThrow(coded('invalid_report', name));
        return;
      }
      const { body, unknownFields } = validateBody(items);
      const section_ = [body.context, body.failures[0], body.attempts[0], body.deliveries[0], body.losses[0], body.consents[0]][
        section - 2
      ];
      expect((section_ as Record<string, unknown>)[name]).toBe(field.values[0]);
      expect(unknownFields).toBe(1);
    },
  );

  it('takes 64 records of each sort and refuses 65', () => {
    for (const section of [3, 4, 5, 6, 7]) {
      const items = wire();
      items[section] = Array.from({ length: 64 }, () => recordAt(items, section));
      expect(() => validateBody(items)).not.toThrow();
      (items[section] as unknown[]).push(recordAt(items, section));
      expect(() => validateBody(items)).toThrow(coded('too_many_reports'));
    }
  });

  it.each([2, 0, 1.5, 4_294_967_295])('refuses schema %d as one it does not know', (schema) => {
    expect(() => validateBody([schema, ...wire().slice(1)])).toThrow(coded('unsupported_schema'));
  });

  it.each([null, undefined, 1, 'body', {}, new Uint8Array(8), [], ['1'], [1], [1, 2, [], [], [], [], [], []], { 0: 1, length: 8 }])(
    'refuses %j as a body',
    (decoded) => {
      expect(() => validateBody(decoded)).toThrow(coded('invalid_report'));
    },
  );

  it.each([1, 2, 3, 4, 5, 6, 7])('refuses null, a number or a map in place of section %d', (section) => {
    for (const value of [null, -1, {}, 'x', [null], [{}]]) {
      const items = wire();
      items[section] = value;
      expect(() => validateBody(items)).toThrow(coded('invalid_report'));
    }
  });

  it('turns a negative zero into zero', () => {
    const { body } = validateBody(changed(3, (record) => (record[11] = -0)));
    expect(Object.is(body.failures[0]?.status_code, 0)).toBe(true);
  });

  it('does not remember a text that it refused', () => {
    const items = changed(3, (record) => (record[1] = 'Not A Host'));
    for (let i = 0; i < 2; i++) expect(() => validateBody(items)).toThrow(coded('invalid_report', 'host'));
  });
});
