/** The tables of networks and countries that collectors use too. Source: `@ip-location-db/asn` (CC-BY-4.0), `@ip-location-db/geo-whois-asn-country-mmdb`. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { open, type CountryResponse, type Reader } from 'maxmind';

const require = createRequire(import.meta.url);
const fileOf = (name: string, file: string): string => join(dirname(require.resolve(`${name}/package.json`)), file);

/** Lines of `first,last,number,…`, addresses as numbers. */
export const ASN_RANGES: string = fileOf('@ip-location-db/asn', 'asn-ipv4-num.csv');

export const openCountries = (): Promise<Reader<CountryResponse>> =>
  open<CountryResponse>(fileOf('@ip-location-db/geo-whois-asn-country-mmdb', 'geo-whois-asn-country-ipv4.mmdb'));

export const dotted = (address: number): string => [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');

/** Two letters; `ZZ` for unknown. */
export function countryOf(reader: Reader<CountryResponse>, address: number): string {
  const code = (reader.get(dotted(address)) as { country_code?: unknown } | null)?.country_code;
  return typeof code === 'string' && /^[A-Z]{2}$/.test(code) ? code : 'ZZ';
}
