/**
 * A look at the structure of untrusted CBOR before anything is decoded: a body deflated to a few hundred bytes can otherwise hold
 * 262 000 empty maps, which a decoder builds one by one (47 ms measured, 200 times an honest envelope of that size).
 */

/** Deeper than any body: body, section, record, list of texts, and room for newer minor versions. */
const MAX_DEPTH = 8;
/** More than twice the values of a body with 64 records of each sort. */
const MAX_ITEMS = 8192;

const UINT = 0;
const TEXT = 3;
const ARRAY = 4;
const FALSE = 0xf4;
const NULL = 0xf6;

/**
 * Whether the bytes are one CBOR item made of nothing but unsigned integers below 2^32, text, definite arrays, false, true and null,
 * at most 8 deep and at most 8192 values. It leaves to the decoder whether heads are as short as possible. Never throws.
 */
export function isPlainCbor(bytes: Uint8Array): boolean {
  const { length } = bytes;
  /** For each open array, how many of its items are still to come. */
  const open: number[] = [1];
  let at = 0;
  for (let items = 0; items < MAX_ITEMS; items++) {
    let left = open.pop();
    while (left === 0) left = open.pop();
    if (left === undefined) return at === length;
    open.push(left - 1);

    const head = bytes[at++];
    if (head === undefined) return false;
    if (head >= FALSE && head <= NULL) continue;
    const major = head >> 5;
    if (major !== UINT && major !== TEXT && major !== ARRAY) return false;
    let value = head & 31;
    if (value >= 24) {
      if (value > 26) return false;
      const end = at + (1 << (value - 24));
      if (end > length) return false;
      for (value = 0; at < end; at++) value = value * 256 + (bytes[at] ?? 0);
    }
    if (major === TEXT) at += value;
    else if (major === ARRAY) {
      if (value > MAX_ITEMS || open.length > MAX_DEPTH) return false;
      open.push(value);
    }
  }
  return false;
}
