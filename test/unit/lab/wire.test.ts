/** The two formats that the lab writes itself, read by somebody else. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeCertificate } from '../../../examples/shop/src/certificates.js';
import { findProgram } from '../../../scripts/programs.mjs';
import { revokedResponse } from '../../lab/ocsp.js';
import { bindingAnswer } from '../../lab/stun.js';

describe('the STUN answer', () => {
  it('is the one of RFC 5769 §2.2 for its address and transaction', () => {
    const request = Buffer.from('000100002112a442b7e7a701bc34d686fa87dfae', 'hex');
    const answer = bindingAnswer(request, { address: '192.0.2.1', port: 32853 });
    expect(answer?.toString('hex')).toBe('0101000c2112a442b7e7a701bc34d686fa87dfae002000080001a147e112a643');
  });

  it('is none to what is no binding request', () => {
    expect(bindingAnswer(Buffer.alloc(20), { address: '192.0.2.1', port: 1 })).toBeUndefined();
    expect(bindingAnswer(Buffer.from('0001'), { address: '192.0.2.1', port: 1 })).toBeUndefined();
  });
});

describe('the status of a revoked certificate', () => {
  it.skipIf(findProgram('openssl') === undefined)('is read by OpenSSL as revoked, and its signature holds', () => {
    const nowMs = Date.now();
    const valid = { notBeforeMs: nowMs - 86_400_000, notAfterMs: nowMs + 86_400_000 };
    const authority = makeCertificate({ name: 'authority', authority: true, ...valid });
    const leaf = makeCertificate({ name: 'leaf', issuer: authority, ...valid });
    const folder = mkdtempSync(join(tmpdir(), 'ocsp-'));
    const write = (name: string, bytes: string | Uint8Array): string => {
      writeFileSync(join(folder, name), bytes);
      return join(folder, name);
    };
    const files = ['-issuer', write('ca.pem', authority.cert), '-CAfile', join(folder, 'ca.pem'), '-cert', write('leaf.pem', leaf.cert)];
    const response = ['-respin', write('status.der', revokedResponse(leaf, authority, nowMs))];
    const { stdout, stderr } = spawnSync('openssl', ['ocsp', ...response, ...files, '-no_nonce'], { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    expect(stderr).toContain('Response verify OK');
    expect(stdout).toContain('leaf.pem: revoked');
  });
});
