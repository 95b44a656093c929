/** The networks that the demo's agents are on: well-known access providers of six countries, with addresses that they really announce. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export interface DemoNetwork {
  readonly asn: number;
  readonly country: string;
  readonly name: string;
  /** The loopback address of this network's way into the shop. */
  readonly edgeHost: string;
}

export const NETWORKS: readonly DemoNetwork[] = [
  { asn: 3320, country: 'DE', name: 'Deutsche Telekom', edgeHost: '127.0.1.1' },
  { asn: 7922, country: 'US', name: 'Comcast', edgeHost: '127.0.1.2' },
  { asn: 12322, country: 'FR', name: 'Free', edgeHost: '127.0.1.3' },
  { asn: 2856, country: 'GB', name: 'BT', edgeHost: '127.0.1.4' },
  { asn: 4713, country: 'JP', name: 'NTT', edgeHost: '127.0.1.5' },
  { asn: 28573, country: 'BR', name: 'Claro', edgeHost: '127.0.1.6' },
];

/** The label that collectors give to the network. */
export const labelOf = ({ asn, country }: DemoNetwork): string => `AS${asn}/${country}`;

export interface AddressRange {
  /** First IPv4 address, as a number. */
  readonly start: number;
  /** Last IPv4 address. */
  readonly end: number;
}

/**
 * The largest IPv4 range that a system announces.
 *
 * @param csv - Lines `start,end,asn,"owner"` with addresses as decimal numbers.
 * @returns undefined when it announces none.
 */
export function largestRange(csv: Buffer, asn: number): AddressRange | undefined {
  const column = `,${asn},`;
  let largest: AddressRange | undefined;
  for (let at = csv.indexOf(column); at >= 0; at = csv.indexOf(column, at + 1)) {
    const lineStart = csv.lastIndexOf(10, at) + 1;
    const [start = 0, end = 0, ...more] = csv.toString('latin1', lineStart, at).split(',').map(Number);
    if (more.length > 0 || end <= start) continue;
    if (largest === undefined || end - start > largest.end - largest.start) largest = { start, end };
  }
  return largest;
}

/** `count` addresses spread over a range, each in a /24 of its own where there is room. Pure. */
export function spreadAddresses({ start, end }: AddressRange, count: number): string[] {
  const step = Math.max(1, Math.floor((end - start) / (count + 1)));
  return Array.from({ length: count }, (_, index) => {
    const address = start + step * (index + 1);
    return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
  });
}

/** The networks with one address for each of their agents, from the table that collectors use too (`@ip-location-db/asn`, CC-BY-4.0). */
export function drawAddresses(agents: number): { readonly network: DemoNetwork; readonly addresses: readonly string[] }[] {
  const manifest = createRequire(import.meta.url).resolve('@ip-location-db/asn/package.json');
  const csv = readFileSync(join(dirname(manifest), 'asn-ipv4-num.csv'));
  return NETWORKS.map((network, index) => {
    const range = largestRange(csv, network.asn);
    if (range === undefined) throw new Error(`the network data does not know AS${network.asn}`);
    const count = Math.floor(agents / NETWORKS.length) + (index < agents % NETWORKS.length ? 1 : 0);
    return { network, addresses: spreadAddresses(range, count) };
  });
}
