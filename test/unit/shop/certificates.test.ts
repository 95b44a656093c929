import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { makeCertificate, makeShopCertificates } from '../../../examples/shop/src/certificates.js';
import { oid, positiveInteger, tlv } from '../../../examples/shop/src/der.js';

const NOW_MS = Date.UTC(2026, 4, 17, 12, 30, 5);

describe('DER', () => {
  it('writes long lengths, high bits and large arcs as X.690 says', () => {
    expect(tlv(0x04, Buffer.alloc(200)).subarray(0, 3)).toEqual(Buffer.from([0x04, 0x81, 200]));
    expect(tlv(0x04, Buffer.alloc(300)).subarray(0, 4)).toEqual(Buffer.from([0x04, 0x82, 1, 44]));
    expect(positiveInteger(Buffer.from([0x80]))).toEqual(Buffer.from([0x02, 0x02, 0x00, 0x80]));
    expect(oid('1.2.840.10045.4.3.2')).toEqual(Buffer.from('06082a8648ce3d040302', 'hex'));
  });
});

describe('the certificates of the shop', () => {
  const { authority, expired, wrongName, selfSigned } = makeShopCertificates(NOW_MS);
  const read = (pem: string): X509Certificate => new X509Certificate(pem);

  it('are read by OpenSSL, with their names and times', () => {
    const certificate = read(expired.cert);
    expect(certificate.subject).toBe('CN=expired shop');
    expect(certificate.issuer).toBe('CN=Outcry demo authority');
    expect(Date.parse(certificate.validTo)).toBe(NOW_MS - 86_400_000);
    expect(read(wrongName.cert).subjectAltName).toBe('DNS:another-shop.example');
    expect(read(selfSigned.cert).subjectAltName).toMatch(/^IP Address:127\./);
  });

  it('are signed by the authority, or by themselves', () => {
    expect(read(authority.cert).ca).toBe(true);
    for (const { cert } of [expired, wrongName]) {
      expect(read(cert).verify(read(authority.cert).publicKey)).toBe(true);
      expect(read(cert).ca).toBe(false);
    }
    expect(read(selfSigned.cert).verify(read(selfSigned.cert).publicKey)).toBe(true);
    expect(read(selfSigned.cert).verify(read(authority.cert).publicKey)).toBe(false);
  });

  it('are PEM that OpenSSL takes, however long they are', () => {
    const valid = { notBeforeMs: NOW_MS, notAfterMs: NOW_MS + 1_000 };
    for (let letters = 1; letters <= 60; letters++) {
      const { cert, key } = makeCertificate({ name: 'a'.repeat(letters), ...valid });
      expect(cert).not.toContain('\n\n');
      expect(() => createSecureContext({ cert, key })).not.toThrow();
    }
  });

  it('have keys of their own', () => {
    expect(read(expired.cert).checkPrivateKey(expired.privateKey)).toBe(true);
    expect(read(expired.cert).checkPrivateKey(wrongName.privateKey)).toBe(false);
    const again = makeCertificate({ name: 'x', notBeforeMs: NOW_MS, notAfterMs: NOW_MS + 1000 });
    expect(read(again.cert).serialNumber).not.toBe(read(selfSigned.cert).serialNumber);
  });
});
