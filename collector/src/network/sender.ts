/** Who sends, as far as a collector knows: a key of the address prefix for rate limits, and the network. No address. */
import { hash, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP, type Socket } from 'node:net';
import { OutcryError } from '@outcry/protocol';
import { isPrivate, parseAddress, type Address } from './address.js';
import type { Place, PlaceOf } from './label.js';

export interface Sender extends Place {
  /** Keyed hash of the /24 (IPv4) or /48 (IPv6); the key lives as long as the process. */
  readonly prefixKey: string;
  /** Whether it sends from this machine or a private network, where one prefix may be all there is. */
  readonly isPrivate: boolean;
}
export type SenderOf = (request: Pick<IncomingMessage, 'socket' | 'headers'>) => Sender;

/** Ranges of addresses, both ends included. Compared by number: `net.BlockList` costs more than the rest of the look-up. */
export interface AddressRanges {
  readonly v4: readonly (readonly [number, number])[];
  readonly v6: readonly (readonly [bigint, bigint])[];
}

const joined = ({ high, low }: Extract<Address, { family: 6 }>): bigint => (high << 64n) | low;

/**
 * The proxies whose `X-Forwarded-For` is believed.
 *
 * @param cidrs - addresses or CIDR ranges, such as `10.0.0.0/8` or `::1`.
 * Throws `OUTCRY_BAD_CONFIG` naming the first that is neither.
 */
export function trustedProxies(cidrs: readonly string[]): AddressRanges {
  const v4: [number, number][] = [];
  const v6: [bigint, bigint][] = [];
  for (const cidr of cidrs) {
    const [base = '', bits] = cidr.split('/');
    const address = isIP(base) === 0 ? undefined : parseAddress(base);
    const width = address?.family === 4 ? 32 : 128;
    const prefix = bits === undefined ? width : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
    if (address === undefined || prefix < 0 || prefix > width) {
      throw new OutcryError('OUTCRY_BAD_CONFIG', `trustProxy: ${cidr} is not an address or a CIDR range`);
    }
    if (address.family === 4) {
      const size = 2 ** (32 - prefix);
      const first = Math.floor(address.v4 / size) * size;
      v4.push([first, first + size - 1]);
    } else {
      const size = 1n << BigInt(128 - prefix);
      const first = (joined(address) / size) * size;
      v6.push([first, first + size - 1n]);
    }
  }
  return { v4, v6 };
}

function isTrusted(trusted: AddressRanges, address: Address): boolean {
  if (address.family === 4) return trusted.v4.some(([first, last]) => address.v4 >= first && address.v4 <= last);
  const whole = joined(address);
  return trusted.v6.some(([first, last]) => whole >= first && whole <= last);
}

/**
 * The address that the upload came from: the socket's, or the right-most one in `X-Forwarded-For` that is not a trusted proxy.
 * What stands left of that was written by strangers and is not read.
 */
export function clientAddress(
  socket: Address | undefined,
  forwarded: string | undefined,
  trusted: AddressRanges,
  socketTrusted: boolean,
): Address | undefined {
  if (!socketTrusted || forwarded === undefined) return socket;
  let nearest = socket;
  const hops = forwarded.split(',');
  for (let index = hops.length - 1; index >= 0; index -= 1) {
    const hop = parseAddress(hops[index] ?? '');
    // A proxy we trust wrote something that is no address: nobody can be told apart behind it.
    if (hop === undefined) return undefined;
    nearest = hop;
    if (!isTrusted(trusted, hop)) return hop;
  }
  return nearest;
}

/** Of addresses that hold an IPv4 address behind it (6to4, RFC 3056): whoever has one IPv4 address has a /48 there. */
const SIX_TO_FOUR = 0x2002n;

/** The bytes of the /24 or /48 that an address belongs to, as text; the same for all unknown addresses. */
export function prefixOf(address: Address | undefined): string {
  if (address === undefined) return '?';
  if (address.family === 6 && address.high >> 48n === SIX_TO_FOUR) {
    return prefixOf({ family: 4, v4: Number((address.high >> 16n) & 0xffff_ffffn) });
  }
  return address.family === 4 ? `4${(address.v4 >>> 8).toString(36)}` : `6${(address.high >> 16n).toString(36)}`;
}

/**
 * The prefix that a connection counts for, of which only so many may be open; undefined for those of trusted proxies, which carry many
 * senders. Known before a byte was read.
 */
export function connectionPrefix({ remoteAddress }: Pick<Socket, 'remoteAddress'>, trusted: AddressRanges): string | undefined {
  const address = parseAddress(remoteAddress ?? '');
  return address !== undefined && isTrusted(trusted, address) ? undefined : prefixOf(address);
}

/**
 * Makes the function that turns a request into its sender.
 *
 * @param random - gives the key of the prefix hash; a parameter so that tests can repeat a run.
 */
export function senderOf(trusted: AddressRanges, place: PlaceOf, random: (bytes: number) => Buffer = randomBytes): SenderOf {
  const key = random(16).toString('latin1');
  // A socket's address does not change, so keep-alive connections pay for parsing once. Forgotten with the socket.
  const sockets = new WeakMap<Socket, { readonly address: Address | undefined; readonly trusted: boolean; sender?: Sender }>();
  const senderAt = (address: Address | undefined): Sender => ({
    prefixKey: hash('sha256', key + prefixOf(address), 'base64').slice(0, 16),
    isPrivate: address !== undefined && isPrivate(address),
    ...place(address),
  });
  return ({ socket, headers }) => {
    let peer = sockets.get(socket);
    if (peer === undefined) {
      const address = parseAddress(socket.remoteAddress ?? '');
      peer = { address, trusted: address !== undefined && isTrusted(trusted, address) };
      sockets.set(socket, peer);
    }
    const forwarded = headers['x-forwarded-for'];
    if (!peer.trusted || typeof forwarded !== 'string') return (peer.sender ??= senderAt(peer.address));
    return senderAt(clientAddress(peer.address, forwarded, trusted, true));
  };
}
