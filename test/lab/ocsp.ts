/** A certificate's status, as its authority signs it: "revoked yesterday". Source: RFC 6960 §4.2.1, in DER. */
import { X509Certificate, createHash, createPublicKey, sign } from 'node:crypto';
import { ECDSA_WITH_SHA256, distinguishedName } from '../../examples/shop/src/certificates.js';
import type { Certificate } from '../../examples/shop/src/certificates.js';
import { bits, explicit, octets, oid, positiveInteger, sequence, tlv } from '../../examples/shop/src/der.js';

const DAY_MS = 86_400_000;
/** Bytes of a P-256 point, at the end of the public key's structure. */
const POINT_BYTES = 65;

const sha1 = (bytes: Uint8Array): Buffer => createHash('sha1').update(bytes).digest();
const enumerated = (value: number): Buffer => tlv(0x0a, Buffer.from([value]));
const generalizedTime = (ms: number): Buffer => tlv(0x18, Buffer.from(`${new Date(ms).toISOString().replaceAll(/[-:T]|\..*/g, '')}Z`));

/** A signed response that says that `certificate` was revoked. Never throws for certificates made here. */
export function revokedResponse(certificate: Certificate, issuer: Certificate, nowMs: number): Buffer {
  const key = createPublicKey(issuer.privateKey).export({ format: 'der', type: 'spki' }).subarray(-POINT_BYTES);
  const serial = Buffer.from(new X509Certificate(certificate.cert).serialNumber, 'hex');
  const sha1Algorithm = sequence(oid('1.3.14.3.2.26'), tlv(0x05));
  const certificateId = sequence(sha1Algorithm, octets(sha1(distinguishedName(issuer.name))), octets(sha1(key)), positiveInteger(serial));
  const revoked = tlv(0xa1, generalizedTime(nowMs - DAY_MS));
  const single = sequence(certificateId, revoked, generalizedTime(nowMs - DAY_MS), explicit(0, generalizedTime(nowMs + DAY_MS)));
  const data = sequence(explicit(2, octets(sha1(key))), generalizedTime(nowMs - DAY_MS), sequence(single));
  const basic = sequence(data, ECDSA_WITH_SHA256, bits(sign('sha256', data, issuer.privateKey)));
  return sequence(enumerated(0), explicit(0, sequence(oid('1.3.6.1.5.5.7.48.1.1'), octets(basic))));
}
