/**
 * The CBOR that reports are written in, a small subset of RFC 8949 in its deterministic form: unsigned integers below 2^32,
 * text, arrays, false, true, null. Own, because a general encoder is 20 times larger in a page and compiles code at run time,
 * which a strict content security policy forbids.
 */

export type CborValue = number | string | boolean | null | readonly CborValue[];

/**
 * Encodes a value. Lone surrogates in text become U+FFFD. The caller hands in integers in 0 … 2^32 − 1 only.
 *
 * Never throws for values of the type.
 */
export function encodeCbor(value: CborValue): Uint8Array<ArrayBuffer> {
  const out: number[] = [];
  const utf8 = new TextEncoder();

  const head = (major: number, n: number): void => {
    const top = major << 5;
    if (n < 24) out.push(top | n);
    else if (n < 0x100) out.push(top | 24, n);
    else if (n < 0x10000) out.push(top | 25, n >> 8, n & 255);
    else out.push(top | 26, n >>> 24, (n >> 16) & 255, (n >> 8) & 255, n & 255);
  };
  const write = (item: CborValue): void => {
    if (typeof item === 'number') head(0, item);
    else if (typeof item === 'string') {
      const bytes = utf8.encode(item);
      head(3, bytes.length);
      for (const byte of bytes) out.push(byte);
    } else if (item === null || typeof item === 'boolean') out.push(item === null ? 0xf6 : item ? 0xf5 : 0xf4);
    else {
      head(4, item.length);
      item.forEach(write);
    }
  };

  write(value);
  return new Uint8Array(out);
}
