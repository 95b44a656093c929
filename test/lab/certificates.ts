/** The lab's own authority and the certificates of its servers, made at the start of a run. */
import { makeCertificate } from '../../examples/shop/src/certificates.js';
import type { Certificate } from '../../examples/shop/src/certificates.js';
import { revokedResponse } from './ocsp.js';
import {
  ALTERNATIVE_NAME,
  API_NAME,
  COLLECTOR,
  COLLECTOR_NAMES,
  COLLECTOR_TWO,
  NEL_NAME,
  PAGE_NAME,
  SERVICE,
  STRANGER_NAME,
} from './places.js';

const DAY_MS = 86_400_000;

/** PEM of a server's chain and key. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
  /** OCSP response to staple, base64. */
  readonly status?: string;
}

export const CERTIFICATE_NAMES = [
  'right',
  'expired',
  'future',
  'wrong_name',
  'self_signed',
  'untrusted',
  'incomplete',
  'revoked',
  'stranger',
] as const;
export type CertificateName = (typeof CERTIFICATE_NAMES)[number];

export interface LabCertificates {
  /** The authority that all clients of the lab trust, PEM. */
  readonly authority: string;
  readonly service: Readonly<Record<CertificateName, Identity>>;
  readonly elsewhere: Identity;
}

/** Never throws where Node has P-256. */
export function makeLabCertificates(nowMs: number = Date.now()): LabCertificates {
  const valid = { notBeforeMs: nowMs - 30 * DAY_MS, notAfterMs: nowMs + 30 * DAY_MS };
  const authority = makeCertificate({ name: 'Outcry lab authority', authority: true, ...valid });
  const between = makeCertificate({ name: 'Outcry lab intermediate', authority: true, issuer: authority, ...valid });
  const nobody = makeCertificate({ name: 'Nobody you know', authority: true, ...valid });
  const api = { name: API_NAME, names: [API_NAME, ALTERNATIVE_NAME, SERVICE] };
  const chain = (leaf: Certificate, ...others: readonly Certificate[]): Identity => ({
    cert: [leaf, ...others].map(({ cert }) => cert).join(''),
    key: leaf.key,
  });
  const ofAuthority = { ...api, issuer: authority };
  const ofIntermediate = makeCertificate({ ...api, issuer: between, ...valid });
  const revoked = makeCertificate({ ...ofAuthority, ...valid });
  const elsewhere = [PAGE_NAME, ...COLLECTOR_NAMES, NEL_NAME, COLLECTOR, COLLECTOR_TWO];
  return {
    authority: authority.cert,
    elsewhere: chain(makeCertificate({ name: PAGE_NAME, names: elsewhere, issuer: authority, ...valid })),
    service: {
      right: chain(ofIntermediate, between),
      expired: chain(makeCertificate({ ...ofAuthority, notBeforeMs: valid.notBeforeMs, notAfterMs: nowMs - DAY_MS })),
      future: chain(makeCertificate({ ...ofAuthority, notBeforeMs: nowMs + DAY_MS, notAfterMs: valid.notAfterMs })),
      wrong_name: chain(makeCertificate({ name: 'www.service.test', names: ['www.service.test'], issuer: authority, ...valid })),
      self_signed: chain(makeCertificate({ ...api, ...valid })),
      untrusted: chain(makeCertificate({ ...api, issuer: nobody, ...valid }), nobody),
      incomplete: chain(ofIntermediate),
      revoked: { ...chain(revoked), status: revokedResponse(revoked, authority, nowMs).toString('base64') },
      stranger: chain(makeCertificate({ name: STRANGER_NAME, names: [STRANGER_NAME], issuer: authority, ...valid })),
    },
  };
}
