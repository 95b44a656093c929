import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { formatAddress, isPrivate, parseAddress } from '../../../collector/src/network/address.js';

const shown = (text: string): string | undefined => {
  const address = parseAddress(text);
  return address === undefined ? undefined : formatAddress(address);
};

describe('parseAddress', () => {
  it.each([
    ['203.0.113.9', '203.0.113.9'],
    [' 203.0.113.9 ', '203.0.113.9'],
    ['203.0.113.9:4711', '203.0.113.9'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['::ffff:cb00:7109', '203.0.113.9'],
    ['2001:db8::1', '2001:0db8:0000:0000:0000:0000:0000:0001'],
    ['[2001:db8::1]:443', '2001:0db8:0000:0000:0000:0000:0000:0001'],
    ['fe80::1%eth0', 'fe80:0000:0000:0000:0000:0000:0000:0001'],
    ['::', '0000:0000:0000:0000:0000:0000:0000:0000'],
  ])('reads %s as %s', (text, address) => expect(shown(text)).toBe(address));

  it.each([
    '',
    'unknown',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '01.2.3.4',
    '1..2.3',
    ':::',
    '1:2:3:4:5:6:7:8:9',
    '1::2::3',
    '12345::',
    '[::1',
    '[::1]x',
    '_hidden',
    'a'.repeat(99),
  ])('refuses %j', (text) => expect(parseAddress(text)).toBeUndefined());

  it('reads every IPv4 and IPv6 address that it writes', () => {
    fc.assert(
      fc.property(fc.ipV4(), (text) => {
        expect(shown(text)).toBe(text);
      }),
    );
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const once = shown(text);
        expect(once).toBeDefined();
        expect(shown(once ?? '')).toBe(once);
      }),
    );
  });
});

describe('isPrivate', () => {
  const of = (text: string): boolean => {
    const address = parseAddress(text);
    if (address === undefined) throw new Error(text);
    return isPrivate(address);
  };
  it.each([
    '127.0.0.1',
    '10.255.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.9.9',
    '100.64.0.1',
    '100.127.255.1',
    '::1',
    'fd12::1',
    'fc00::1',
    'fe80::1',
    '::ffff:10.0.0.1',
  ])('is true of %s', (text) => expect(of(text)).toBe(true));
  it.each([
    '128.0.0.1',
    '11.0.0.1',
    '172.15.255.1',
    '172.32.0.1',
    '192.169.0.1',
    '100.63.0.1',
    '100.128.0.1',
    '203.0.113.1',
    '::2',
    'fe00::1',
    'ff02::1',
    '2001:db8::1',
  ])('is false of %s', (text) => expect(of(text)).toBe(false));
});
