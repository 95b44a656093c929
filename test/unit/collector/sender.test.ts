import { describe, expect, it } from 'vitest';
import type { Socket } from 'node:net';
import { formatAddress, parseAddress } from '../../../collector/src/network/address.js';
import { NOWHERE } from '../../../collector/src/network/label.js';
import { senderOf, trustedProxies } from '../../../collector/src/network/sender.js';

/** The address that a request counts as coming from, as text. */
function addressOf(remoteAddress: string, forwarded: string | undefined, trusted: string[]): string {
  let seen = 'none';
  const sender = senderOf(trustedProxies(trusted), (address) => {
    seen = address === undefined ? 'none' : formatAddress(address);
    return NOWHERE;
  });
  sender({ socket: { remoteAddress } as Socket, headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded } });
  return seen;
}

describe('the address of a sender', () => {
  it('is the socket’s when the socket is no trusted proxy, whatever the header says', () => {
    expect(addressOf('198.51.100.7', '203.0.113.9', ['10.0.0.0/8'])).toBe('198.51.100.7');
    expect(addressOf('198.51.100.7', '203.0.113.9', [])).toBe('198.51.100.7');
  });

  it('is the right-most untrusted one behind trusted proxies', () => {
    expect(addressOf('10.1.2.3', '1.1.1.1, 203.0.113.9, 10.9.9.9', ['10.0.0.0/8'])).toBe('203.0.113.9');
    expect(addressOf('::ffff:10.1.2.3', '203.0.113.9', ['10.0.0.0/8'])).toBe('203.0.113.9');
    expect(addressOf('::1', '[2001:db8::5]:999', ['::1'])).toBe('2001:0db8:0000:0000:0000:0000:0000:0005');
  });

  it('is the left-most when all are trusted', () => expect(addressOf('10.0.0.1', '10.0.0.9, 10.0.0.2', ['10.0.0.0/8'])).toBe('10.0.0.9'));

  it('is unknown when a trusted proxy names none', () => expect(addressOf('10.0.0.1', 'unknown', ['10.0.0.0/8'])).toBe('none'));

  it('is the socket’s when the trusted proxy sends no header', () =>
    expect(addressOf('10.0.0.1', undefined, ['10.0.0.0/8'])).toBe('10.0.0.1'));
});

describe('the prefix key', () => {
  const keyOf = (address: string, random?: () => Buffer): string =>
    senderOf(trustedProxies([]), () => NOWHERE, random)({ socket: { remoteAddress: address } as Socket, headers: {} }).prefixKey;
  const same = (): Buffer => Buffer.alloc(16, 1);

  it('is one for a /24 and for a /48, and another for their neighbours', () => {
    expect(keyOf('203.0.113.9', same)).toBe(keyOf('203.0.113.200', same));
    expect(keyOf('203.0.113.9', same)).not.toBe(keyOf('203.0.114.9', same));
    expect(keyOf('2001:db8:1:2::1', same)).toBe(keyOf('2001:db8:1:ffff::9', same));
    expect(keyOf('2001:db8:1::1', same)).not.toBe(keyOf('2001:db8:2::1', same));
  });

  it('is that of the IPv4 address behind a 6to4 address', () => {
    expect(keyOf('2002:cb00:7109:1::1', same)).toBe(keyOf('203.0.113.200', same));
    expect(keyOf('2002:cb00:7209::1', same)).not.toBe(keyOf('203.0.113.200', same));
  });

  it('is another in every process and shows no part of the address', () => {
    expect(keyOf('203.0.113.9')).not.toBe(keyOf('203.0.113.9'));
    expect(keyOf('203.0.113.9')).not.toContain('203');
    expect(parseAddress(keyOf('203.0.113.9'))).toBeUndefined();
  });
});

describe('trustedProxies', () => {
  it.each(['10.0.0.0/33', '10.0.0/8', 'proxy.example', '::1/129', '10.0.0.0/x', ''])('refuses %j by name of the option', (cidr) => {
    expect(() => trustedProxies([cidr])).toThrow(expect.objectContaining({ code: 'OUTCRY_BAD_CONFIG' }));
  });

  it('takes the whole of a range and nothing beside it', () => {
    const one = trustedProxies(['192.0.2.128/25']);
    expect(one.v4).toEqual([[0xc0000280, 0xc00002ff]]);
    expect(trustedProxies(['2001:db8::/32']).v6).toEqual([[0x20010db8n << 96n, (0x20010db9n << 96n) - 1n]]);
  });
});
