/**
 * IP addresses as numbers. An address lives only as long as the request it came with: it is turned into a prefix key and a
 * network label at once and never kept, logged or stored.
 */
export type Address = { readonly family: 4; readonly v4: number } | { readonly family: 6; readonly high: bigint; readonly low: bigint };

const MAPPED_LOW = 0xffff_0000_0000n;

function parseV4(text: string): number | undefined {
  let value = 0;
  let octet = -1;
  let dots = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === 46) {
      if (octet < 0) return undefined;
      value = value * 256 + octet;
      octet = -1;
      dots += 1;
    } else if (code >= 48 && code <= 57) {
      // A leading zero means octal to some parsers and decimal to others, so it is refused.
      if (octet === 0) return undefined;
      octet = (octet < 0 ? 0 : octet) * 10 + (code - 48);
      if (octet > 255) return undefined;
    } else return undefined;
  }
  return dots === 3 && octet >= 0 ? value * 256 + octet : undefined;
}

function parseGroups(text: string): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (index === parts.length - 1 && part.includes('.')) {
      const v4 = parseV4(part);
      if (v4 === undefined) return undefined;
      groups.push(v4 >>> 16, v4 & 0xffff);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined;
      groups.push(Number.parseInt(part, 16));
    }
  }
  return groups;
}

function joinGroups(groups: readonly number[]): bigint {
  return groups.reduce((sum, group) => (sum << 16n) | BigInt(group), 0n);
}

function parseV6(text: string): Address | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] ?? '');
  const tail = halves.length === 2 ? parseGroups(halves[1] ?? '') : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  const high = joinGroups(groups.slice(0, 4));
  const low = joinGroups(groups.slice(4));
  if (high === 0n && low >> 32n === MAPPED_LOW >> 32n) return { family: 4, v4: Number(low & 0xffff_ffffn) };
  return { family: 6, high, low };
}

/**
 * Reads an address as sockets and `X-Forwarded-For` show it: IPv4, IPv6 with or without brackets, zone or port. IPv4 inside
 * IPv6 (`::ffff:a.b.c.d`) counts as IPv4.
 *
 * @returns the address, or undefined for anything else. Never throws.
 */
export function parseAddress(text: string): Address | undefined {
  let bare = text.trim();
  if (bare.length > 64) return undefined;
  if (bare.startsWith('[')) {
    const end = bare.indexOf(']');
    if (end < 0 || !/^(:\d{1,5})?$/.test(bare.slice(end + 1))) return undefined;
    bare = bare.slice(1, end);
  } else if (bare.includes('.') && bare.indexOf(':') === bare.lastIndexOf(':')) {
    bare = bare.replace(/:\d{1,5}$/, '');
  }
  const zone = bare.indexOf('%');
  if (zone >= 0) bare = bare.slice(0, zone);
  if (!bare.includes(':')) {
    const v4 = parseV4(bare);
    return v4 === undefined ? undefined : { family: 4, v4 };
  }
  return parseV6(bare);
}

/** Ranges that nobody on the Internet can send from: this machine, private networks, links and shared carrier space. RFC 6890. */
const OWN_V4: readonly (readonly [number, number])[] = [
  [0x7f00_0000, 8],
  [0x0a00_0000, 8],
  [0xac10_0000, 12],
  [0xc0a8_0000, 16],
  [0xa9fe_0000, 16],
  [0x6440_0000, 10],
];

/** Whether an address is of this machine or of a private network, and so cannot be a stranger's. */
export function isPrivate(address: Address): boolean {
  if (address.family === 4) return OWN_V4.some(([base, bits]) => (address.v4 ^ base) >>> (32 - bits) === 0);
  const { high, low } = address;
  return (high === 0n && low === 1n) || high >> 57n === 0x7en || high >> 54n === 0x3fan;
}

/** The address as text, for a look-up in a database or a block list. Never for a log. */
export function formatAddress(address: Address): string {
  if (address.family === 4) return [24, 16, 8, 0].map((shift) => String((address.v4 >>> shift) & 255)).join('.');
  const hex = address.high.toString(16).padStart(16, '0') + address.low.toString(16).padStart(16, '0');
  return (hex.match(/.{4}/g) ?? []).join(':');
}
