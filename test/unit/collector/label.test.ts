import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readdirSync } from 'node:fs';
import { parseAddress, type Address } from '../../../collector/src/network/address.js';
import { asnOf, compileAsnTable, isLarge, packAsnTable, unpackAsnTable } from '../../../collector/src/network/asn-table.js';
import { labelOf, loadPlaces, type NetworkLabel } from '../../../collector/src/network/label.js';
import { removeDirectory, temporaryDirectory } from './sealed.js';

const V4 = Buffer.from('16777216,16777471,13335,"Cloudflare, Inc."\n16778240,16786431,38803,Gtelecom\n16786432,16786687,38803,"A ""b"""\n');
const V6 = Buffer.from('42540488161975842760550356425300246528,42540488241204005274814694018844196863,6939,Hurricane\n');
const at = (text: string) => parseAddress(text) ?? { family: 4 as const, v4: 0 };

describe('the table of autonomous systems', () => {
  const table = compileAsnTable(V4, V6);

  it('finds the first and the last address of a range, and none beside it', () => {
    expect(asnOf(table, at('1.0.0.0'))).toBe(13335);
    expect(asnOf(table, at('1.0.0.255'))).toBe(13335);
    expect(asnOf(table, at('1.0.1.0'))).toBe(0);
    expect(asnOf(table, at('0.255.255.255'))).toBe(0);
    expect(asnOf(table, at('2001::9'))).toBe(6939);
    expect(asnOf(table, at('2002::9'))).toBe(0);
  });

  it('calls a system large from 4,096 announced IPv4 addresses on, over all its ranges', () => {
    expect(isLarge(table, 38803)).toBe(true);
    expect(isLarge(table, 13335)).toBe(false);
    expect(isLarge(table, 6939)).toBe(false);
  });

  it('is the same after a way through its file, and unreadable when the file is cut', () => {
    const file = packAsnTable(table);
    expect(unpackAsnTable(file)).toEqual(table);
    expect(unpackAsnTable(file.subarray(0, -1))).toBeUndefined();
    expect(unpackAsnTable(Buffer.alloc(64))).toBeUndefined();
    expect(unpackAsnTable(Buffer.alloc(0))).toBeUndefined();
  });
});

describe('labelOf', () => {
  it('hides the number of a small network', () => {
    expect(labelOf(3320, true, 'DE')).toEqual({ network: 'AS3320/DE', country: 'DE', asn: 3320 });
    expect(labelOf(64_999, false, 'DE')).toEqual({ network: 'small/DE', country: 'DE', asn: 0 });
    expect(labelOf(0, false, 'DE')).toEqual({ network: 'unknown/ZZ', country: 'ZZ', asn: 0 });
    expect(labelOf(3320, true, undefined).network).toBe('AS3320/ZZ');
    expect(labelOf(3320, true, 'x').country).toBe('ZZ');
  });
});

describe('the real tables', () => {
  let directory: string;
  let label: (address: Address | undefined) => NetworkLabel;
  beforeAll(async () => {
    directory = await temporaryDirectory();
    const place = await loadPlaces(directory);
    label = (address) => place(address).label;
  });
  afterAll(() => removeDirectory(directory));

  it('know large networks of both families', () => {
    expect(label(parseAddress('91.0.0.1'))).toEqual({ network: 'AS3320/DE', country: 'DE', asn: 3320 });
    expect(label(parseAddress('2003::1')).network).toBe('AS3320/DE');
  });

  it.each(['127.0.0.1', '10.1.2.3', '192.168.1.1', '172.16.0.1', '169.254.1.1', '::1', 'fe80::1', 'fd00::1', '100.64.0.1', '0.0.0.0'])(
    'call %s unknown',
    (text) => expect(label(parseAddress(text)).network).toBe('unknown/ZZ'),
  );

  it('call no address unknown', () => expect(label(undefined).network).toBe('unknown/ZZ'));

  it('are compiled once into the data directory', () => expect(readdirSync(directory)).toEqual([expect.stringMatching(/^asn-.*\.bin$/)]));
});
