// @vitest-environment jsdom
/** Sealing where the globals are a page's: arrays may come from another realm, and there is no Buffer to lean on. */
import { encodeBody, fromBase64Url } from '@outcry/protocol';
import { decodeBody, loadRecipientKeys, makeRecipientKey, openEnvelope, verifyEnvelope } from '@outcry/protocol/open';
import { makeSigner, sealEnvelope } from '@outcry/protocol/seal';
import { makeNaclSigner, sealEnvelopeNacl } from '@outcry/protocol/seal-nacl';
import { randomBytes as nodeRandomBytes, webcrypto } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { sampleBody } from './sample-body.js';

const pair = makeRecipientKey();
const keys = loadRecipientKeys([pair]);
const subtle = webcrypto.subtle as SubtleCrypto;
const randomBytes = (n: number): Uint8Array => Uint8Array.from(nodeRandomBytes(n));
const common = { randomBytes, nowMs: Date.UTC(2026, 10, 22), recipientKey: fromBase64Url(pair.publicKey), body: encodeBody(sampleBody) };

/** Collectors run in Node alone: cborg and tweetnacl ask there whether a Buffer is a Uint8Array, which in a page it is not. */
function inNode<T>(work: () => T): T {
  const ofPage = globalThis.Uint8Array;
  globalThis.Uint8Array = Object.getPrototypeOf(Buffer) as Uint8ArrayConstructor;
  try {
    return work();
  } finally {
    globalThis.Uint8Array = ofPage;
  }
}

describe('sealing in a page', () => {
  it('runs in jsdom, with arrays of its own realm', () => {
    expect(document.nodeType).toBe(9);
    expect(Buffer.alloc(1)).not.toBeInstanceOf(Uint8Array);
  });

  it.each([1, 2])('gives an envelope of suite %d that opens and verifies', async (suite) => {
    const envelope =
      suite === 1
        ? await sealEnvelope({ ...common, subtle, signer: (await makeSigner(subtle)).signer })
        : await sealEnvelopeNacl({ ...common, signer: makeNaclSigner(randomBytes).signer });
    expect(inNode(() => decodeBody(openEnvelope(Buffer.from(envelope), keys)).body)).toEqual(sampleBody);
    expect(await verifyEnvelope(envelope)).toBe(true);
  });
});
