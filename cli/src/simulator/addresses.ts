/** Addresses that collectors take for a network and its country, so that a simulated client is labelled and ranked as its real one would be. */
import { readFileSync } from 'node:fs';
import { ASN_RANGES, countryOf, dotted, openCountries } from './network-data.js';
import type { WorldNetwork } from './networks.js';

const PREFIX_ADDRESSES = 256;
const MOST_TRIES = 30;

interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * Draws addresses by network.
 *
 * @returns By label, a random number 0..1 per call, and the name of a prefix: an IPv4 address, undefined for a label of no network of these. Calls
 * that name the same prefix get addresses of one /24, calls that name another one of another, until all of the network's are taken.
 */
export async function addressesOf(
  networks: readonly WorldNetwork[],
): Promise<(label: string, random: () => number, source?: string) => string | undefined> {
  const reader = await openCountries();
  const byLabel = new Map(networks.map((network) => [network.label, network]));
  const prefixes = new Map<string, Prefixes>();
  const taken = new Map<string, number>();
  const within = ({ country, range }: WorldNetwork, random: () => number): string => {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const address = range.start + Math.floor(random() * (range.end - range.start + 1));
      if (countryOf(reader, address) === country) return dotted(address);
    }
    // A range may lie in several countries; its first address is in this one.
    return dotted(range.start);
  };
  let ranges: ReadonlyMap<string, readonly Range[]> | undefined;
  return (label, random, source) => {
    const network = byLabel.get(label);
    if (network === undefined) return undefined;
    if (source === undefined) return within(network, random);
    const key = `${label} ${source}`;
    let first = taken.get(key);
    if (first === undefined) {
      ranges ??= rangesOf(networks);
      const own = prefixes.get(label) ?? new Prefixes(ranges.get(label) ?? [network.range]);
      prefixes.set(label, own);
      first = own.next((address) => countryOf(reader, address) === network.country) ?? network.range.start;
      taken.set(key, first);
    }
    return dotted(first + Math.floor(random() * PREFIX_ADDRESSES));
  };
}

/** The /24 of a network, the largest range first, each given away once before any is given away again. */
class Prefixes {
  readonly #ranges: readonly Range[];
  #range = 0;
  #at = 0;

  constructor(ranges: readonly Range[]) {
    this.#ranges = ranges;
  }

  /** The first address of the next one that is in the network's country; undefined where none is found soon. */
  next(isThere: (address: number) => boolean): number | undefined {
    for (let tries = 0; tries < MOST_TRIES * 10; tries++) {
      const range = this.#ranges[this.#range % this.#ranges.length];
      if (range === undefined) return undefined;
      const first = Math.ceil(range.start / PREFIX_ADDRESSES + this.#at) * PREFIX_ADDRESSES;
      if (first + PREFIX_ADDRESSES - 1 > range.end) {
        this.#range++;
        this.#at = 0;
        continue;
      }
      this.#at++;
      if (isThere(first)) return first;
    }
    return undefined;
  }
}

/** All ranges of the networks, the largest first. */
function rangesOf(networks: readonly WorldNetwork[]): ReadonlyMap<string, readonly Range[]> {
  const labels = new Map(networks.map(({ label }) => [Number(/^AS(\d+)\//.exec(label)?.[1]), label]));
  const found = new Map<string, Range[]>();
  for (const line of readFileSync(ASN_RANGES, 'latin1').split('\n')) {
    const [start, end, asn] = line.split(',', 3).map(Number);
    const label = labels.get(asn ?? 0);
    if (start === undefined || end === undefined || label === undefined) continue;
    const known = found.get(label);
    if (known === undefined) found.set(label, [{ start, end }]);
    else known.push({ start, end });
  }
  for (const ranges of found.values()) ranges.sort((a, b) => b.end - b.start - (a.end - a.start));
  return found;
}
