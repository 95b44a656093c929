/**
 * SHA-256 (FIPS 180-4) for pages without a secure context, where browsers keep WebCrypto back: loaded only there. What it hashes is
 * shown on the screen, so it need not hide its timing.
 */

const WORD = 2 ** 32;
const BLOCK = 64;

const primes: number[] = [];
for (let n = 2; primes.length < 64; n++) if (primes.every((prime) => n % prime)) primes.push(n);
/** The first 32 bits of the fractional part. */
const fraction = (root: number): number => Math.floor((root % 1) * WORD);
const ROUNDS = primes.map((prime) => fraction(Math.cbrt(prime)));
const START = primes.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));

const rotated = (word: number, by: number): number => (word >>> by) | (word << (32 - by));

/** The message, a one bit, zeros, and its length in bits, in whole blocks. */
function padded(message: Uint8Array): DataView {
  const bytes = new Uint8Array(Math.ceil((message.length + 9) / BLOCK) * BLOCK);
  bytes.set(message);
  bytes[message.length] = 0x80;
  const view = new DataView(bytes.buffer);
  view.setUint32(bytes.length - 8, Math.floor((message.length * 8) / WORD));
  view.setUint32(bytes.length - 4, message.length * 8);
  return view;
}

/** The words that a block's own sixteen are spread to. */
function spread(block: readonly number[]): Uint32Array {
  const words = new Uint32Array(64);
  words.set(block);
  const word = (at: number): number => words[at] as number;
  for (let at = block.length; at < 64; at++) {
    const [early, late] = [word(at - 15), word(at - 2)];
    words[at] =
      word(at - 16) +
      (rotated(early, 7) ^ rotated(early, 18) ^ (early >>> 3)) +
      word(at - 7) +
      (rotated(late, 17) ^ rotated(late, 19) ^ (late >>> 10));
  }
  return words;
}

/** The 32 bytes of the hash. Never throws. */
export function sha256(message: Uint8Array): Uint8Array {
  const view = padded(message);
  const hash = new Uint32Array(START);
  for (let block = 0; block < view.byteLength; block += BLOCK) {
    const words = spread(Array.from({ length: 16 }, (_, at) => view.getUint32(block + at * 4)));
    let [a, b, c, d, e, f, g, h] = hash as unknown as [number, number, number, number, number, number, number, number];
    for (const [at, word] of words.entries()) {
      const first = h + (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) + ((e & f) ^ (~e & g)) + (ROUNDS[at] as number) + word;
      const second = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
    }
    for (const [at, value] of [a, b, c, d, e, f, g, h].entries()) hash[at] = (hash[at] as number) + value;
  }
  const bytes = new DataView(new ArrayBuffer(32));
  for (const [at, value] of hash.entries()) bytes.setUint32(at * 4, value);
  return new Uint8Array(bytes.buffer);
}
