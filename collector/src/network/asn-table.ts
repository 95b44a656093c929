/**
 * Which autonomous system announces an address: sorted ranges, searched by halving. Compiled once from the CSV files of
 * `@ip-location-db/asn` (CC-BY-4.0, data of RouteViews, the NRO and DB-IP) into one binary that later starts only read.
 * IPv6 ranges are compared by their upper 64 bits: nobody announces less than a /64.
 */
import type { Address } from './address.js';

/** Networks announcing fewer IPv4 addresses than this are shown as `small/<country>`. Source: DESIGN of the report. */
export const SMALL_NETWORK_ADDRESSES = 4096;
const MAGIC = 0x4f41_5331;
const COMMA = 44;
const NEWLINE = 10;

export interface AsnTable {
  readonly v4Start: Uint32Array;
  readonly v4End: Uint32Array;
  readonly v4Asn: Uint32Array;
  readonly v6Start: BigUint64Array;
  readonly v6End: BigUint64Array;
  readonly v6Asn: Uint32Array;
  /** Sorted numbers of the systems that announce 4,096 IPv4 addresses or more. */
  readonly large: Uint32Array;
}

/** Calls `visit` with the first three columns of every line as [from, to) byte positions; the owner's name is skipped. */
function eachLine(csv: Uint8Array, visit: (a: number, b: number, c: number, d: number) => void): void {
  let start = 0;
  while (start < csv.length) {
    const first = csv.indexOf(COMMA, start);
    const second = csv.indexOf(COMMA, first + 1);
    let third = second + 1;
    while (third < csv.length && csv[third] !== COMMA && csv[third] !== NEWLINE) third += 1;
    if (first < 0 || second < 0) return;
    visit(start, first, second, third);
    const end = csv.indexOf(NEWLINE, third);
    start = end < 0 ? csv.length : end + 1;
  }
}

function number(csv: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let index = from; index < to; index += 1) value = value * 10 + ((csv[index] ?? 48) - 48);
  return value;
}

/**
 * Compiles the two CSV files (`start,end,asn,"owner"`, addresses as decimal integers, sorted by start) into a table.
 *
 * About half a second for the whole Internet. Never throws; a malformed line ends that file.
 */
export function compileAsnTable(v4Csv: Buffer, v6Csv: Buffer): AsnTable {
  const v4: number[] = [];
  const announced = new Map<number, number>();
  eachLine(v4Csv, (a, b, c, d) => {
    const start = number(v4Csv, a, b);
    const end = number(v4Csv, b + 1, c);
    const asn = number(v4Csv, c + 1, d);
    v4.push(start, end, asn);
    announced.set(asn, (announced.get(asn) ?? 0) + end - start + 1);
  });
  const v6: bigint[] = [];
  const v6Asn: number[] = [];
  eachLine(v6Csv, (a, b, c, d) => {
    v6.push(BigInt(v6Csv.toString('latin1', a, b)) >> 64n, BigInt(v6Csv.toString('latin1', b + 1, c)) >> 64n);
    v6Asn.push(number(v6Csv, c + 1, d));
  });
  const large = [...announced].filter(([, count]) => count >= SMALL_NETWORK_ADDRESSES).map(([asn]) => asn);
  return {
    v4Start: Uint32Array.from({ length: v4.length / 3 }, (_, row) => v4[row * 3] ?? 0),
    v4End: Uint32Array.from({ length: v4.length / 3 }, (_, row) => v4[row * 3 + 1] ?? 0),
    v4Asn: Uint32Array.from({ length: v4.length / 3 }, (_, row) => v4[row * 3 + 2] ?? 0),
    v6Start: BigUint64Array.from({ length: v6Asn.length }, (_, row) => v6[row * 2] ?? 0n),
    v6End: BigUint64Array.from({ length: v6Asn.length }, (_, row) => v6[row * 2 + 1] ?? 0n),
    v6Asn: Uint32Array.from(v6Asn),
    large: Uint32Array.from(large).sort(),
  };
}

const bytesOf = (array: Uint32Array | BigUint64Array): Buffer => Buffer.from(array.buffer, array.byteOffset, array.byteLength);

/** The table as one file in the byte order of this machine; it is a cache and never leaves it. */
export function packAsnTable(table: AsnTable): Buffer {
  const head = Uint32Array.of(MAGIC, table.v4Asn.length, table.v6Asn.length, table.large.length);
  const { v6Start, v6End, v4Start, v4End, v4Asn, v6Asn, large } = table;
  return Buffer.concat([head, v6Start, v6End, v4Start, v4End, v4Asn, v6Asn, large].map(bytesOf));
}

/** The table that `packAsnTable` wrote, or undefined when the file is not whole. Never throws. */
export function unpackAsnTable(file: Buffer): AsnTable | undefined {
  if (file.length < 16) return undefined;
  const bytes = new Uint8Array(file).buffer;
  const [magic, v4 = 0, v6 = 0, large = 0] = new Uint32Array(bytes, 0, 4);
  if (magic !== MAGIC || file.length !== 16 + v6 * 20 + v4 * 12 + large * 4) return undefined;
  let offset = 16;
  const words = (count: number): Uint32Array => {
    const array = new Uint32Array(bytes, offset, count);
    offset += count * 4;
    return array;
  };
  const longs = (count: number): BigUint64Array => {
    const array = new BigUint64Array(bytes, offset, count);
    offset += count * 8;
    return array;
  };
  const [v6Start, v6End] = [longs(v6), longs(v6)];
  const [v4Start, v4End, v4Asn, v6Asn] = [words(v4), words(v4), words(v4), words(v6)];
  return { v4Start, v4End, v4Asn, v6Start, v6End, v6Asn, large: words(large) };
}

/** Index of the last element that is not greater than `value`, or −1. */
function lastAtMost<T extends number | bigint>(sorted: { readonly length: number; readonly [index: number]: T }, value: T): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? value) <= value) low = middle + 1;
    else high = middle - 1;
  }
  return high;
}

/** The number of the autonomous system that announces the address, 0 when none does (loopback, private, unassigned). */
export function asnOf(table: AsnTable, address: Address): number {
  if (address.family === 4) {
    const row = lastAtMost(table.v4Start, address.v4);
    return row >= 0 && address.v4 <= (table.v4End[row] ?? -1) ? (table.v4Asn[row] ?? 0) : 0;
  }
  const row = lastAtMost(table.v6Start, address.high);
  return row >= 0 && address.high <= (table.v6End[row] ?? -1n) ? (table.v6Asn[row] ?? 0) : 0;
}

/** Whether the system announces 4,096 IPv4 addresses or more. */
export function isLarge(table: AsnTable, asn: number): boolean {
  return table.large[lastAtMost(table.large, asn)] === asn;
}
