/** What is kept of an address: the network and the country, coarse enough to stand for many people. */
import { createRequire } from 'node:module';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { open, type Reader, type Response } from 'maxmind';
import { formatAddress, type Address } from './address.js';
import { asnOf, compileAsnTable, isLarge, packAsnTable, unpackAsnTable, type AsnTable } from './asn-table.js';

export interface NetworkLabel {
  /** `AS3320/DE`, `small/DE` or `unknown/ZZ`. */
  readonly network: string;
  /** ISO 3166-1 alpha-2, or `ZZ`. */
  readonly country: string;
  /** 0 where the network is small or unknown. */
  readonly asn: number;
}

export const UNKNOWN_NETWORK: NetworkLabel = { network: 'unknown/ZZ', country: 'ZZ', asn: 0 };

/** Where an address belongs. */
export interface Place {
  /** What may be kept. */
  readonly label: NetworkLabel;
  /** Number of the system that announces the address, of small ones too; 0 when none does. For limits, in memory only. */
  readonly systemNumber: number;
}
export const NOWHERE: Place = { label: UNKNOWN_NETWORK, systemNumber: 0 };
export type PlaceOf = (address: Address | undefined) => Place;

/**
 * The label of an address, from its system's number and country. Pure.
 *
 * @param country - as the country database says, undefined when it does not know.
 */
export function labelOf(asn: number, large: boolean, country: string | undefined): NetworkLabel {
  if (asn === 0) return UNKNOWN_NETWORK;
  const place = country !== undefined && /^[A-Z]{2}$/.test(country) ? country : 'ZZ';
  return large ? { network: `AS${asn}/${place}`, country: place, asn } : { network: `small/${place}`, country: place, asn: 0 };
}

const require = createRequire(import.meta.url);
/** One table per process is enough: it is read-only and the same for every collector of the process. */
let loaded: AsnTable | undefined;

function loadAsnTable(cacheDir: string): AsnTable {
  if (loaded !== undefined) return loaded;
  const manifest = require.resolve('@ip-location-db/asn/package.json');
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  const cache = join(cacheDir, `asn-${version}.bin`);
  let table: AsnTable | undefined;
  try {
    table = unpackAsnTable(readFileSync(cache));
  } catch {
    // No cache yet.
  }
  if (table === undefined) {
    const csv = (name: string): Buffer => readFileSync(join(dirname(manifest), name));
    table = compileAsnTable(csv('asn-ipv4-num.csv'), csv('asn-ipv6-num.csv'));
    mkdirSync(cacheDir, { recursive: true });
    // Written aside and renamed, so that a collector starting beside this one never reads half a table.
    const aside = `${cache}.${process.pid}`;
    writeFileSync(aside, packAsnTable(table));
    renameSync(aside, cache);
  }
  loaded = table;
  return table;
}

/**
 * Loads the tables and gives the function that places an address.
 *
 * @param cacheDir - where the compiled table is kept; it holds only public data.
 * Throws when a database is missing or the directory cannot be written.
 */
export async function loadPlaces(cacheDir: string): Promise<PlaceOf> {
  const table = loadAsnTable(cacheDir);
  const path = require.resolve('@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb');
  const countries = (await open(path)) as unknown as Reader<{ country_code?: string } & Response>;
  return (address) => {
    const asn = address === undefined ? 0 : asnOf(table, address);
    if (asn === 0 || address === undefined) return NOWHERE;
    return { label: labelOf(asn, isLarge(table, asn), countries.get(formatAddress(address))?.country_code), systemNumber: asn };
  };
}
