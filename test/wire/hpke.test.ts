import { fromBase64Url } from '@outcry/protocol';
import { hpkeOpen, makeSchedule, sharedSecret } from '@outcry/protocol/hpke-open';
import { hpkeSeal, SCHEDULE_CONTEXT_TEXT } from '@outcry/protocol/hpke-seal';
import { createPrivateKey, diffieHellman } from 'node:crypto';
import { importPublic } from '@outcry/protocol/recipient-keys';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { hpkeSuite } from './assemble-independently.js';
import { hex, pairOf, publicOf, subtle, unhex } from './key-material.js';

const vector = JSON.parse(readFileSync(new URL('vectors/hpke_rfc9180.json', import.meta.url), 'utf8')) as Record<string, string>;
const v = (name: string): Uint8Array<ArrayBuffer> => unhex(vector[name] ?? '');
const recipientJwk = () => ({
  kty: 'OKP',
  crv: 'X25519',
  x: Buffer.from(v('pkRm')).toString('base64url'),
  d: Buffer.from(v('skRm')).toString('base64url'),
});

describe('the vector of RFC 9180 A.1.1', () => {
  it('is remembered rightly: @hpke/core gives the same bytes', async () => {
    expect(publicOf('X25519', v('skRm'))).toEqual(v('pkRm'));
    expect(publicOf('X25519', v('skEm'))).toEqual(v('pkEm'));
    const recipientPublicKey = await hpkeSuite.kem.deserializePublicKey(v('pkRm').buffer);
    const sender = await hpkeSuite.createSenderContext({
      recipientPublicKey,
      info: v('info').buffer,
      ekm: await pairOf('X25519', v('skEm')),
    });
    expect(hex(new Uint8Array(sender.enc))).toBe(vector['pkEm']);
    expect(hex(new Uint8Array(await sender.seal(v('pt').buffer, v('aad').buffer)))).toBe(vector['ct']);
  });

  it('is what the key schedule for opening gives, step by step', () => {
    const schedule = makeSchedule(v('info'));
    expect(hex(schedule.context)).toBe(vector['key_schedule_context']);
    const dh = diffieHellman({
      privateKey: createPrivateKey({ key: recipientJwk(), format: 'jwk' }),
      publicKey: importPublic('X25519', v('pkEm')),
    });
    const shared = sharedSecret(dh, v('pkEm'), v('pkRm'));
    expect(hex(shared)).toBe(vector['shared_secret']);
    expect(hex(hpkeOpen(shared, schedule, v('aad'), v('ct')))).toBe(vector['pt']);
    expect(() => hpkeOpen(shared, schedule, v('aad').with(0, 0), v('ct'))).toThrow();
  });

  it('is what sealing on WebCrypto gives', async () => {
    const { privateKey } = await pairOf('X25519', v('skEm'));
    const recipient = { key: await subtle.importKey('raw', v('pkRm'), 'X25519', false, []), raw: v('pkRm') };
    const sealed = await hpkeSeal(subtle, { privateKey, enc: v('pkEm') }, recipient, v('aad'), v('pt'), v('key_schedule_context'));
    expect(hex(sealed)).toBe(vector['ct']);
  });
});

describe('the key schedule context of outcry-hpke-v1', () => {
  it('that agents carry as a constant is the derived one', () => {
    expect(Buffer.from(fromBase64Url(SCHEDULE_CONTEXT_TEXT))).toEqual(makeSchedule(Buffer.from('outcry-hpke-v1')).context);
  });
});

describe('sealing for a point of small order', () => {
  it.each([
    '00'.repeat(32),
    `01${'00'.repeat(31)}`,
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    `ec${'ff'.repeat(30)}7f`,
  ])('is refused for %s', async (point) => {
    const { privateKey } = await pairOf('X25519', v('skEm'));
    const recipient = { key: await subtle.importKey('raw', unhex(point), 'X25519', false, []), raw: unhex(point) };
    await expect(hpkeSeal(subtle, { privateKey, enc: v('pkEm') }, recipient, v('aad'), v('pt'))).rejects.toMatchObject({
      code: 'OUTCRY_BAD_PUBLIC_KEY',
    });
  });

  it('is refused by an engine that gives zeros instead of failing', async () => {
    const zeros = { ...subtle, deriveBits: () => Promise.resolve(new ArrayBuffer(32)) } as unknown as SubtleCrypto;
    const { privateKey, publicKey } = await pairOf('X25519', v('skEm'));
    await expect(
      hpkeSeal(zeros, { privateKey, enc: v('pkEm') }, { key: publicKey, raw: v('pkRm') }, v('aad'), v('pt')),
    ).rejects.toMatchObject({
      code: 'OUTCRY_BAD_PUBLIC_KEY',
    });
  });
});
