/** The networks of the simulated world: the largest real ones by announced IPv4 addresses, with the country of their largest range. */
import { readFileSync } from 'node:fs';
import { ASN_RANGES, countryOf, openCountries } from './network-data.js';

export interface WorldNetwork {
  /** As collectors label it, for example `AS3320/DE`. */
  readonly label: string;
  readonly country: string;
  /** Share of all users, relative to the other networks. */
  readonly weight: number;
  /** Its largest range of IPv4 addresses, first and last as numbers. */
  readonly range: { readonly start: number; readonly end: number };
  /** Address prefixes (/24) that its users come from. */
  readonly prefixes: number;
}

/** Users grow more slowly than addresses: the largest holders are carriers and clouds with many addresses per user. */
const USERS_PER_ADDRESSES = 0.8;
/** Of the prefixes that a network announces, those that users come from: the rest is servers, reserves and what is translated away. */
const PREFIXES_IN_USE = 0.2;
const PREFIX_ADDRESSES = 256;

/**
 * @param count - How many networks, >= 1. @param countries - From how many countries at most, >= 1.
 * @returns The largest first. Source: `@ip-location-db/asn` (CC-BY-4.0) and `@ip-location-db/geo-whois-asn-country-mmdb`.
 */
export function largestNetworks(count: number, countries: number): Promise<WorldNetwork[]> {
  const key = `${String(count)} ${String(countries)}`;
  const known = read.get(key) ?? readNetworks(count, countries);
  read.set(key, known);
  return known;
}

/** Reading the tables takes seconds, and they do not change while a process runs. */
const read = new Map<string, Promise<WorldNetwork[]>>();

async function readNetworks(count: number, countries: number): Promise<WorldNetwork[]> {
  const systems = new Map<number, { addresses: number; largest: number; at: number }>();
  for (const line of readFileSync(ASN_RANGES, 'latin1').split('\n')) {
    const [start, end, asn] = line.split(',', 3).map(Number);
    if (start === undefined || end === undefined || asn === undefined || !(asn > 0)) continue;
    const size = end - start + 1;
    const known = systems.get(asn) ?? { addresses: 0, largest: 0, at: start };
    known.addresses += size;
    if (size > known.largest) Object.assign(known, { largest: size, at: start });
    systems.set(asn, known);
  }
  const reader = await openCountries();
  const all = [...systems]
    .sort((a, b) => b[1].addresses - a[1].addresses || a[0] - b[0])
    .slice(0, count * 4)
    .map(([asn, { addresses, largest, at }]) => {
      const country = countryOf(reader, at);
      const prefixes = Math.max(1, Math.round((PREFIXES_IN_USE * addresses) / PREFIX_ADDRESSES));
      return {
        label: `AS${String(asn)}/${country}`,
        country,
        weight: addresses ** USERS_PER_ADDRESSES,
        prefixes,
        range: { start: at, end: at + largest - 1 },
      };
    })
    .filter((n) => n.country !== 'ZZ');
  const totals = new Map<string, number>();
  for (const n of all) totals.set(n.country, (totals.get(n.country) ?? 0) + n.weight);
  const kept = new Set(
    [...totals]
      .sort((a, b) => b[1] - a[1])
      .slice(0, countries)
      .map(([country]) => country),
  );
  return all.filter((n) => kept.has(n.country)).slice(0, count);
}
