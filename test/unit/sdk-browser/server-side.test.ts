import { describe, expect, it } from 'vitest';
import { makeRecipientKey } from '@outcry/protocol/open';
import { init } from '../../../sdk-browser/src/index.js';
import { defineConsent } from '../../../sdk-browser/src/consent.js';

const options = {
  project: 'shop',
  release: '1.0',
  hosts: ['api.shop.example'],
  collectors: ['https://c1.example.net'],
  recipientKey: makeRecipientKey().publicKey,
};

describe('without a window', () => {
  it('everything can be imported and called, and does nothing', async () => {
    expect(typeof window).toBe('undefined');
    expect(typeof defineConsent).toBe('function');
    const fetchBefore = globalThis.fetch;
    const outcry = init(options);
    await outcry.setConsent('granted', { text: 'v3', textHash: 'A'.repeat(43), at: '2026-11-22T12:00:00Z', method: 'dialog' });
    expect(outcry.consent).toBe('unknown');
    outcry.report({ host: 'api.shop.example' });
    expect(await outcry.flush()).toEqual({ delivered: 0, dropped: 0, kept: 0 });
    expect(await outcry.pending()).toEqual({ unsealed: 0, envelopes: 0, bytes: 0 });
    expect(outcry.preview()).toMatchObject({ receivers: ['https://c1.example.net'], csp: 'connect-src https://c1.example.net' });
    expect(outcry.sent()).toEqual([]);
    await outcry.close();
    expect(globalThis.fetch).toBe(fetchBefore);
  });

  it('wrong options throw here too, with a code', () => {
    expect(() => init({ ...options, collectors: ['ftp://c1.example.net'] })).toThrow(
      expect.objectContaining({ code: 'OUTCRY_BAD_COLLECTOR_URL' }),
    );
    expect(() => init({ ...options, consent: 'granted' })).toThrow(expect.objectContaining({ code: 'OUTCRY_CONSENT_WITHOUT_RECEIPT' }));
  });
});
