/** The networks of the simulated world: the largest real ones by announced IPv4 addresses, with the country of their largest range. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { open, type CountryResponse } from 'maxmind';

export interface WorldNetwork {
  /** As collectors label it, for example `AS3320/DE`. */
  readonly label: string;
  readonly country: string;
  /** Share of all users, relative to the other networks. */
  readonly weight: number;
}

/** Users grow more slowly than addresses: the largest holders are carriers and clouds with many addresses per user. */
const USERS_PER_ADDRESSES = 0.8;

const require = createRequire(import.meta.url);
const fileOf = (name: string, file: string): string => join(dirname(require.resolve(`${name}/package.json`)), file);

/**
 * @param count - How many networks, >= 1. @param countries - From how many countries at most, >= 1.
 * @returns The largest first. Source: `@ip-location-db/asn` (CC-BY-4.0) and `@ip-location-db/geo-whois-asn-country-mmdb`.
 */
export async function largestNetworks(count: number, countries: number): Promise<WorldNetwork[]> {
  const systems = new Map<number, { addresses: number; largest: number; at: number }>();
  for (const line of readFileSync(fileOf('@ip-location-db/asn', 'asn-ipv4-num.csv'), 'latin1').split('\n')) {
    const [start, end, asn] = line.split(',', 3).map(Number);
    if (start === undefined || end === undefined || asn === undefined || !(asn > 0)) continue;
    const size = end - start + 1;
    const known = systems.get(asn) ?? { addresses: 0, largest: 0, at: start };
    known.addresses += size;
    if (size > known.largest) Object.assign(known, { largest: size, at: start });
    systems.set(asn, known);
  }
  const reader = await open<CountryResponse>(fileOf('@ip-location-db/geo-whois-asn-country-mmdb', 'geo-whois-asn-country-ipv4.mmdb'));
  const all = [...systems]
    .sort((a, b) => b[1].addresses - a[1].addresses || a[0] - b[0])
    .slice(0, count * 4)
    .map(([asn, { addresses, at }]) => {
      const country = countryOf(reader.get(dotted(at)));
      return { label: `AS${String(asn)}/${country}`, country, weight: addresses ** USERS_PER_ADDRESSES };
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

const dotted = (address: number): string => [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');

function countryOf(answer: unknown): string {
  const code = (answer as { country_code?: unknown } | null)?.country_code;
  return typeof code === 'string' && /^[A-Z]{2}$/.test(code) ? code : 'ZZ';
}
