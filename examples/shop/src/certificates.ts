/**
 * Certificates made when the shop starts, so that its TLS faults are real and nothing secret lies in the repository:
 * an authority of the demo's own, and server certificates that it signs or that sign themselves.
 * Source: RFC 5280 §4.1 (structure), RFC 5758 §3.2 (ecdsa-with-SHA256).
 */
import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import { FAULT_ADDRESSES } from './hosts.js';
import { bits, explicit, octets, oid, positiveInteger, sequence, set, tlv, truth, utcTime, utf8 } from './der.js';

export const ECDSA_WITH_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));
const DAY_MS = 86_400_000;

interface Identity {
  readonly name: string;
  readonly privateKey: KeyObject;
}

export interface Certificate extends Identity {
  /** The certificate, PEM. */
  readonly cert: string;
  /** Its private key, PKCS #8 PEM. */
  readonly key: string;
}

export interface CertificateOptions {
  /** Common name of the subject. */
  readonly name: string;
  /** DNS names or IPv4 addresses that the certificate is for. */
  readonly names?: readonly string[];
  /** Who signs; itself when left out. */
  readonly issuer?: Identity;
  readonly authority?: boolean;
  /** Start of validity, milliseconds since the epoch. */
  readonly notBeforeMs: number;
  /** End of validity, milliseconds since the epoch. */
  readonly notAfterMs: number;
}

/** A name of one part, the common name. */
export const distinguishedName = (name: string): Buffer => sequence(set(sequence(oid('2.5.4.3'), utf8(name))));

const extension = (id: string, critical: boolean, value: Uint8Array): Buffer =>
  sequence(oid(id), ...(critical ? [truth()] : []), octets(value));

function alternativeName(name: string): Buffer {
  return isIP(name) === 4 ? tlv(0x87, Buffer.from(name.split('.').map(Number))) : tlv(0x82, Buffer.from(name));
}

/** Makes an ECDSA P-256 key and a certificate for it. Throws only when this Node lacks P-256. */
export function makeCertificate(options: CertificateOptions): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuer = options.issuer ?? { name: options.name, privateKey };
  const extensions = [
    extension('2.5.29.19', true, options.authority ? sequence(truth()) : sequence()),
    ...(options.names ? [extension('2.5.29.17', false, sequence(...options.names.map(alternativeName)))] : []),
  ];
  const toBeSigned = sequence(
    explicit(0, positiveInteger(Buffer.from([2]))),
    positiveInteger(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    ECDSA_WITH_SHA256,
    distinguishedName(issuer.name),
    sequence(utcTime(options.notBeforeMs), utcTime(options.notAfterMs)),
    distinguishedName(options.name),
    publicKey.export({ format: 'der', type: 'spki' }),
    explicit(3, sequence(...extensions)),
  );
  const der = sequence(toBeSigned, ECDSA_WITH_SHA256, bits(sign('sha256', toBeSigned, issuer.privateKey)));
  // No empty line at the end: OpenSSL refuses it. Source: RFC 7468 §2.
  const base64 = der.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  return {
    name: options.name,
    privateKey,
    cert: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  };
}

export interface ShopCertificates {
  readonly authority: Certificate;
  readonly expired: Certificate;
  readonly wrongName: Certificate;
  readonly selfSigned: Certificate;
}

/** The three faulty certificates, and the authority behind the first two. */
export function makeShopCertificates(nowMs: number = Date.now()): ShopCertificates {
  const valid = { notBeforeMs: nowMs - 30 * DAY_MS, notAfterMs: nowMs + 30 * DAY_MS };
  const authority = makeCertificate({ name: 'Outcry demo authority', authority: true, ...valid });
  return {
    authority,
    expired: makeCertificate({
      name: 'expired shop',
      names: [FAULT_ADDRESSES.expired],
      issuer: authority,
      notBeforeMs: valid.notBeforeMs,
      notAfterMs: nowMs - DAY_MS,
    }),
    wrongName: makeCertificate({ name: 'another shop', names: ['another-shop.example'], issuer: authority, ...valid }),
    selfSigned: makeCertificate({ name: 'self-signed shop', names: [FAULT_ADDRESSES.selfSigned], ...valid }),
  };
}
