/** A home directory whose Chromium trusts an authority of the test's own. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TrustingHome {
  readonly path: string;
  /** The authority's certificate as a file. */
  readonly authorityFile: string;
  remove(): void;
}

/** @param authority - PEM. Chromium reads further authorities from the certificate database of its user. */
export function makeTrustingHome(authority: string): TrustingHome {
  const path = mkdtempSync(join(tmpdir(), 'outcry-home-'));
  const authorityFile = join(path, 'authority.pem');
  writeFileSync(authorityFile, authority);
  const database = join(path, '.pki/nssdb');
  mkdirSync(database, { recursive: true });
  const certutil = (...args: readonly string[]) =>
    execFileSync(process.env['OUTCRY_CERTUTIL'] ?? 'certutil', ['-d', `sql:${database}`, ...args], { stdio: 'ignore' });
  certutil('-N', '--empty-password');
  certutil('-A', '-n', 'test authority', '-t', 'C,,', '-i', authorityFile);
  return { path, authorityFile, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) };
}
