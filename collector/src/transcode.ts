/**
 * From CBOR straight to text of a row, one writer per field of the tables. The bytes are those of checked bodies in our own journal:
 * every text has matched its field's pattern, and none of the patterns lets anything through that `TabSeparated` would escape.
 */
import type { Field } from '@outcry/protocol';
import type { RowText } from './row-text.js';

const UINT = 0;
const TEXT = 3;
const ARRAY = 4;
const FALSE = 0xf4;
const TRUE = 0xf5;
const NULL = 0xf6;
const QUOTE = 39;
const COMMA = 44;
const OPEN = 91;
const CLOSE = 93;

/** Reads the CBOR that bodies are made of. Throws where the bytes are something else. */
export class BodyReader {
  at = 0;
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** The number in the head of the next item. */
  head(major: number): number {
    const { bytes } = this;
    const first = bytes[this.at++] ?? 0xff;
    const low = first & 31;
    if (first >> 5 !== major || low > 26) throw new Error('a journaled body is damaged');
    if (low < 24) return low;
    const end = this.at + (1 << (low - 24));
    if (end > bytes.length) throw new Error('a journaled body is damaged');
    let value = 0;
    for (; this.at < end; this.at += 1) value = value * 256 + (bytes[this.at] ?? 0);
    return value;
  }

  uint(): number {
    return this.head(UINT);
  }

  /** How many items the next array has. */
  array(): number {
    return this.head(ARRAY);
  }

  /** The length of the next text, which begins at `at` then. */
  text(): number {
    const length = this.head(TEXT);
    if (this.at + length > this.bytes.length) throw new Error('a journaled body is damaged');
    return length;
  }

  /** Takes the next byte. */
  byte(): number {
    return this.bytes[this.at++] ?? 0xff;
  }

  isNull(): boolean {
    if (this.bytes[this.at] !== NULL) return false;
    this.at += 1;
    return true;
  }
}

/** Writes one value. Gives it back where it is a number, else 0. */
type Put = (from: BodyReader, to: RowText) => number;

export const ascii = (text: string): Uint8Array => Buffer.from(text, 'latin1');

function putText(from: BodyReader, to: RowText): number {
  const length = from.text();
  to.put(from.bytes, from.at, from.at + length);
  from.at += length;
  return 0;
}

function putTexts(from: BodyReader, to: RowText): number {
  const count = from.array();
  to.byte(OPEN);
  for (let index = 0; index < count; index += 1) {
    if (index > 0) to.byte(COMMA);
    to.byte(QUOTE);
    putText(from, to);
    to.byte(QUOTE);
  }
  to.byte(CLOSE);
  return 0;
}

function putBool(from: BodyReader, to: RowText): number {
  const value = from.byte();
  if (value !== TRUE && value !== FALSE) throw new Error('a journaled body is damaged');
  to.ascii(value === TRUE ? 'true' : 'false');
  return 0;
}

function putUint(from: BodyReader, to: RowText): number {
  const value = from.uint();
  to.uint(value);
  return value;
}

function putOf(field: Field): Put {
  switch (field.type) {
    case 'uint':
      return putUint;
    case 'bool':
      return putBool;
    case 'text':
      return putText;
    case 'text?':
      return (from, to) => (from.isNull() ? 0 : putText(from, to));
    case 'texts':
      return putTexts;
    case 'choice': {
      const texts = field.values.map(ascii);
      return (from, to) => {
        const text = texts[from.uint()];
        if (text === undefined) throw new Error('a journaled body is damaged');
        to.put(text, 0, text.length);
        return 0;
      };
    }
  }
}

/** The text of a field that a record of an older version does not have. */
function absent(field: Field): string {
  if (field.type === 'choice') return field.values[0] ?? '';
  if (field.type === 'uint') return String(field.min);
  return field.type === 'bool' ? 'false' : field.type === 'texts' ? '[]' : '';
}

/** Writes the values of one record, each with a tab behind it, and notes those of the fields with the places in `wanted`. */
export type PutRecord = (from: BodyReader, to: RowText, found: number[]) => void;

/**
 * Makes the writer of a field table's records.
 *
 * @param wanted - places of fields whose numbers are needed; they are set in `found`, in this order.
 */
export function recordWriter(fields: readonly Field[], wanted: readonly number[] = []): PutRecord {
  const puts = fields.map(putOf);
  const missing = fields.map(absent);
  const [first = -1, second = -1] = wanted;
  return (from, to, found) => {
    const count = from.array();
    if (count > puts.length) throw new Error('a journaled body is of a newer version');
    for (let index = 0; index < puts.length; index += 1) {
      const put = index < count ? puts[index] : undefined;
      let value = 0;
      if (put === undefined) to.ascii(missing[index] ?? '');
      else value = put(from, to);
      to.endValue();
      if (index === first) found[0] = value;
      else if (index === second) found[1] = value;
    }
  };
}
