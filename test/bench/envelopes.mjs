import { webcrypto } from 'node:crypto';
import { promisify } from 'node:util';
import { deflateRaw } from 'node:zlib';
import { encodeBody } from '@outcry/protocol';
import { makeSigner, sealEnvelope } from '@outcry/protocol/seal';

const compress = promisify(deflateRaw);
const pick = (values) => values[Math.floor(Math.random() * values.length)];

function failure(nowS) {
  return {
    occurred_at: Math.floor((nowS - Math.random() * 300) / 10) * 10,
    host: pick(['api.shop.example', 'cdn.shop.example']),
    scheme: 'https',
    method: pick(['GET', 'POST']),
    resource: pick(['fetch', 'xhr']),
    route: pick([null, 'checkout', 'cart']),
    phase: 'connection',
    type: pick(['tcp.refused', 'tcp.timed_out', 'tls.cert.date_invalid', 'dns.name_not_resolved']),
    kind: pick(['routing', 'tls', 'dns']),
    confidence_pct: pick([50, 70, 95]),
    elapsed_ms: pick([10, 50, 200, 10_000]),
    status_code: 0,
    protocol: 'unknown',
    online: true,
    connection: pick(['wifi', 'cellular']),
    claimed_asn: pick([3320, 3215, 7922]),
    claimed_country: pick(['DE', 'FR', 'US']),
    claim_age: '<1h',
    count: 1 + Math.floor(Math.random() * 5),
    span_s: 10,
    sampling_ppm: 1_000_000,
  };
}

/** One pool for a whole run: the collector bounds new keys per network and hour. */
const signerPool = Promise.all(Array.from({ length: 200 }, async () => (await makeSigner(webcrypto.subtle)).signer));

/**
 * Sealed envelopes as agents send them, each unlike every other, from 200 signers.
 *
 * @param {number} count - How many.
 * @param {number} batch - Failures in each, 1 to 64.
 */
export async function sealedEnvelopes(count, batch, recipientKey) {
  const { subtle } = webcrypto;
  const signers = await signerPool;
  const envelopes = [];
  for (let index = 0; index < count; index++) {
    const nowMs = Date.now();
    const nowS = Math.floor(nowMs / 1000);
    const body = encodeBody({
      sealed_at: nowS,
      context: {
        source: 'sdk-browser',
        project: 'shop',
        release: '4.2.1',
        runtime: 'chrome',
        runtime_major: 156,
        os: 'windows',
        sdk_version: '0.1.0',
        diagnosis_version: 1,
        consent_text: 'v3',
        consent_method: 'dialog',
      },
      failures: Array.from({ length: batch }, () => failure(nowS)),
      attempts: [],
      deliveries: [],
      losses: [],
      consents: [],
    });
    envelopes.push(
      await sealEnvelope({
        subtle,
        randomBytes: (length) => webcrypto.getRandomValues(new Uint8Array(length)),
        nowMs,
        recipientKey,
        signer: signers[index % signers.length],
        body,
        deflate: compress,
      }),
    );
  }
  return envelopes;
}
