/** Rows as ClickHouse's `TabSeparated` text, written byte by byte: no strings and no objects per row. */

const TAB = 9;
const LINE_FEED = 10;
const ZERO = 48;
const FIRST_BYTES = 32 * 1024;
/** Up to here a loop is cheaper than a call of `set`. */
const SHORT = 32;

/**
 * Rows of one table. Values are written one after the other, each with `endValue`, the last of a row with `endRow`. Room has to be
 * `reserve`d first.
 */
export class RowText {
  private bytes: Uint8Array;
  private at = 0;
  private ends: number[] = [];

  /** @param size - bytes to begin with. */
  constructor(size: number = FIRST_BYTES) {
    this.bytes = new Uint8Array(size);
  }

  get length(): number {
    return this.ends.length;
  }

  /** Where the next value will stand; for `repeat`. */
  get position(): number {
    return this.at;
  }

  /** Everything written. */
  get text(): Uint8Array {
    return this.bytes.subarray(0, this.at);
  }

  /** Makes room for so many bytes more. */
  reserve(count: number): void {
    if (this.at + count <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(this.at + count, this.bytes.length * 2));
    larger.set(this.text);
    this.bytes = larger;
  }

  /** Copies bytes that need no escape. */
  put(source: Uint8Array, from: number, to: number): void {
    const { bytes } = this;
    let { at } = this;
    if (to - from > SHORT) {
      bytes.set(source.subarray(from, to), at);
      at += to - from;
    } else for (let index = from; index < to; index += 1) bytes[at++] = source[index] ?? 0;
    this.at = at;
  }

  /** Writes ASCII text that needs no escape. */
  ascii(text: string): void {
    const { bytes } = this;
    let { at } = this;
    for (let index = 0; index < text.length; index += 1) bytes[at++] = text.charCodeAt(index);
    this.at = at;
  }

  byte(value: number): void {
    this.bytes[this.at++] = value;
  }

  /** Writes a whole number, 0 … 2^32 − 1, in decimal. */
  uint(value: number): void {
    const { bytes } = this;
    let digits = 1;
    for (let bound = 10; value >= bound; bound *= 10) digits += 1;
    let rest = value;
    for (let at = this.at + digits - 1; at >= this.at; at -= 1) {
      const tenth = Math.floor(rest / 10);
      bytes[at] = ZERO + rest - tenth * 10;
      rest = tenth;
    }
    this.at += digits;
  }

  endValue(): void {
    this.bytes[this.at++] = TAB;
  }

  endRow(): void {
    this.bytes[this.at++] = LINE_FEED;
    this.ends.push(this.at);
  }

  /** Writes again what stands from one position to another. */
  repeat(from: number, to: number): void {
    this.bytes.copyWithin(this.at, from, to);
    this.at += to - from;
  }

  /** Takes back what was written beyond the first `length` rows. */
  cut(length: number): void {
    this.ends.length = length;
    this.at = this.ends[length - 1] ?? 0;
  }

  /** Some of the rows, as a view of these. */
  slice(from: number, to: number): RowText {
    const first = from === 0 ? 0 : (this.ends[from - 1] ?? this.at);
    const part = new RowText(0);
    part.ends = this.ends.slice(from, to).map((end) => end - first);
    part.at = part.ends.at(-1) ?? 0;
    part.bytes = this.bytes.subarray(first, first + part.at);
    return part;
  }

  /** The values of one row, as they stand in the text. */
  values(index: number): string[] {
    const line = Buffer.from(this.slice(index, index + 1).text).toString('latin1');
    return line.slice(0, -1).split('\t');
  }
}
