/** Rows as one block of ClickHouse's Native format: names, types, and the values column by column. LowCardinality travels as String. */
const ARRAYS = {
  UInt8: Uint8Array,
  Bool: Uint8Array,
  UInt16: Uint16Array,
  UInt32: Uint32Array,
  "DateTime('UTC')": Uint32Array,
  UInt64: BigUint64Array,
  Float64: Float64Array,
};
const plainType = (type) => type.replace(/LowCardinality\((\w+)\)/g, '$1');

class Block {
  bytes = Buffer.allocUnsafe(1024 * 1024);
  at = 0;

  reserve(count) {
    if (this.at + count <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.at + count, this.bytes.length * 2));
    this.bytes.copy(larger, 0, 0, this.at);
    this.bytes = larger;
  }

  varint(value) {
    this.reserve(10);
    for (; value >= 0x80; value = Math.floor(value / 128)) this.bytes[this.at++] = (value & 0x7f) | 0x80;
    this.bytes[this.at++] = value;
  }

  text(value) {
    // Every text of a report is ASCII.
    this.varint(value.length);
    this.reserve(value.length);
    this.at += this.bytes.latin1Write(value, this.at);
  }

  numbers(type, values) {
    const array = ARRAYS[type].from(values, type === 'UInt64' ? BigInt : Number);
    const bytes = Buffer.from(array.buffer, array.byteOffset, array.byteLength);
    this.reserve(bytes.length);
    this.at += bytes.copy(this.bytes, this.at);
  }
}

/** @param {{name: string, type: string}[]} columns @param {unknown[][]} rows - Values in the order of the columns. */
export function encodeNative(columns, rows) {
  const block = new Block();
  block.varint(columns.length);
  block.varint(rows.length);
  columns.forEach(({ name, type: full }, place) => {
    const type = plainType(full);
    block.text(name);
    block.text(type);
    if (type === 'String') for (const row of rows) block.text(row[place] ?? '');
    else
      block.numbers(
        type,
        rows.map((row) => row[place]),
      );
  });
  return block.bytes.subarray(0, block.at);
}
