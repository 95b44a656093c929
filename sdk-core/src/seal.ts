/** Sealing a body: suite 1 where the platform has it, else suite 2 if its chunk can be loaded; one signer per UTC day and recipient key. */
import { DAY_MS, encodeBody, toBase64Url } from '@outcry/protocol';
import type { ReportBody } from '@outcry/protocol';
import { makeSigner, restoreSigner, sealEnvelope, supportsNative } from '@outcry/protocol/seal';
import type { Signer } from '@outcry/protocol/seal';
import type { Grant } from './grant.js';
import type { Steering } from './steering.js';

interface Suite {
  readonly make: () => Promise<{ signer: Signer; stored: unknown }>;
  readonly restore: (stored: unknown) => Promise<Signer>;
  readonly seal: (signer: Signer, recipientKey: Uint8Array, body: Uint8Array, nowMs: number) => Promise<Uint8Array>;
}

async function loadSuite({ platform }: Grant): Promise<Suite | null> {
  const { subtle, randomBytes, deflate } = platform;
  const shared = { randomBytes, deflate };
  if (subtle && (await supportsNative(subtle)))
    return {
      make: () => makeSigner(subtle),
      restore: (stored) => restoreSigner(subtle, stored as CryptoKeyPair),
      seal: (signer, recipientKey, body, nowMs) => sealEnvelope({ ...shared, subtle, signer, recipientKey, body, nowMs }),
    };
  const nacl = await platform.loadNacl?.();
  if (!nacl) return null;
  return {
    make() {
      const { signer, secretKey } = nacl.makeNaclSigner(randomBytes);
      return Promise.resolve({ signer, stored: secretKey });
    },
    restore: (stored) => Promise.resolve(nacl.restoreNaclSigner(stored as Uint8Array)),
    seal: (signer, recipientKey, body, nowMs) => nacl.sealEnvelopeNacl({ ...shared, signer, recipientKey, body, nowMs }),
  };
}

/**
 * @returns A function that seals one body; it resolves with null where no crypto can be had, and rejects with the coded errors of
 *   `sealEnvelope`. The suite is loaded at once, while the network works.
 */
export function makeSealer(grant: Grant, steering: Steering): (body: ReportBody) => Promise<Uint8Array | null> {
  const { platform } = grant;
  let suite = loadSuite(grant).catch(() => null);
  let present = '';
  let signer: Signer | undefined;

  async function signerOf(day: number, recipientKey: Uint8Array, { make, restore }: Suite): Promise<Signer> {
    const name = `s:${day}:${toBase64Url(recipientKey)}`;
    if (signer && name === present) return signer;
    const made = await make();
    let mine = made.signer;
    try {
      let stored = made.stored;
      // A tab or process that was quicker wins, so that a device is one signer.
      await grant.update(name, (there) => (stored = there ?? made.stored));
      if (stored !== made.stored) mine = await restore(stored);
      const past = (await platform.store.entries('s:')).map(([key]) => key).filter((key) => !key.startsWith(`s:${day}:`));
      if (past.length > 0) await grant.save([], past);
    } catch {
      // A store that takes no keys: this page or process keeps its own.
    }
    present = name;
    return (signer = mine);
  }

  return async (body) => {
    let loaded = await suite;
    if (!loaded) loaded = await (suite = loadSuite(grant).catch(() => null));
    if (!loaded) return null;
    await steering.ready;
    const nowMs = platform.now();
    const recipientKey = steering.recipientKey();
    const of = await signerOf(Math.floor(nowMs / DAY_MS), recipientKey, loaded);
    return loaded.seal(of, recipientKey, encodeBody(body), nowMs);
  };
}
