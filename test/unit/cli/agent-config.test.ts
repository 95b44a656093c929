import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseSignedConfig } from '@outcry/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeConfigKey, openConfig, signConfig } from '../../../cli/src/agent-config.js';
import { run } from '../../../cli/src/main.js';

let cwd: string;
let out: string[];
let err: string[];
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'outcry-config-'));
  out = [];
  err = [];
});
afterEach(() => rmSync(cwd, { recursive: true }));

const outcry = (...args: string[]): Promise<number> =>
  run(args, { out: (line) => out.push(line), err: (line) => err.push(line), env: {}, cwd });

describe('outcry keygen --config-key', () => {
  it('writes a signing key that only its owner may read, and never over another', async () => {
    expect(await outcry('keygen', '--config-key')).toBe(0);
    expect(out[0]).toMatch(/^public key \(configKey of the app\): [\w-]{43}$/);
    const file = join(cwd, 'outcry-data/config-key.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const before = readFileSync(file, 'utf8');
    expect(await outcry('keygen', '--config-key')).toBe(1);
    expect(readFileSync(file, 'utf8')).toBe(before);
  });
});

describe('outcry config', () => {
  it('signs where the collectors look, and shows what it signed', async () => {
    await outcry('keygen', '--config-key', '--json');
    const { public_key: publicKey } = JSON.parse(out.pop() ?? '') as { public_key: string };
    const nowS = Math.floor(Date.now() / 1_000);
    expect(
      await outcry(
        'config',
        'sign',
        '--project',
        'shop',
        '--reports',
        '0.25',
        '--attempts',
        '0.1',
        '--collectors',
        'https://c2.example.org, https://c1.example.net',
        '--json',
      ),
    ).toBe(0);
    const { file, config } = JSON.parse(out.pop() ?? '') as { file: string; config: Record<string, number> };
    expect(file).toBe(join(cwd, 'outcry-data/agent-config/shop.json'));
    expect(config).toMatchObject({
      format: 1,
      project: 'shop',
      reports_ppm: 250_000,
      attempts_ppm: 100_000,
      collectors: ['https://c2.example.org', 'https://c1.example.net'],
    });
    expect(config['version']).toBeGreaterThanOrEqual(nowS);
    expect((config['not_after'] ?? 0) - nowS).toBeGreaterThan(71 * 3_600);
    expect(openConfig(readFileSync(file, 'utf8'), publicKey)).toEqual(config);
    expect(openConfig(readFileSync(file, 'utf8'), makeConfigKey().publicKey)).toBeUndefined();
    expect(await outcry('config', 'show', '--file', file, '--key', publicKey)).toBe(0);
    expect(out.join('\n')).toMatch(/^reports_ppm +250000$/m);
    expect(await outcry('config', 'show', '--file', file, '--key', makeConfigKey().publicKey)).toBe(1);
  });

  it('never signs more than seven days', async () => {
    await outcry('keygen', '--config-key');
    expect(await outcry('config', 'sign', '--project', 'shop', '--hours', '168', '--json')).toBe(0);
    const { config } = JSON.parse(out.at(-1) ?? '') as { config: Record<string, number> };
    expect((config['not_after'] ?? 0) - (config['not_before'] ?? 0)).toBe(7 * 86_400);
  });

  it.each([
    [['sign'], '--project is missing'],
    [['sign', '--project', 'Shop!'], '--project is not what agents take'],
    [['sign', '--project', 'shop', '--reports', '2'], '--reports must be 0 to 1'],
    [['sign', '--project', 'shop', '--hours', '200'], '--hours must be 0.1 to 168'],
    [['sign', '--project', 'shop', '--from', 'soon'], '--from must be a time such as 2026-11-22T09:00:00Z'],
    [['sign', '--project', 'shop', '--collectors', 'c1.example.net'], '--collectors is not what agents take'],
    [['sign', '--project', 'shop', '--next-key', 'x'], '--next-key and --next-key-from belong together'],
    [['sign', '--project', 'shop', '--next-key', 'x', '--next-key-from', '2026-11-22T09:00:00Z'], '--next-key is not what agents take'],
    [['show'], '--file is missing'],
    [[], 'say sign or show'],
    [['dance'], 'say sign or show'],
  ])('ends with 2 for %j', async (args, message) => {
    expect(await outcry('config', ...args)).toBe(2);
    expect(err).toEqual([`outcry config: ${message}; see outcry config --help`]);
  });

  it('ends with 1 without a key, with a torn key, and for a file that is no configuration', async () => {
    expect(await outcry('config', 'sign', '--project', 'shop')).toBe(1);
    expect(err.at(-1)).toContain('OUTCRY_BAD_CONFIG');
    const { publicKey } = makeConfigKey();
    const torn = join(cwd, 'torn.json');
    writeFileSync(torn, JSON.stringify({ public_key: publicKey, secret_key: makeConfigKey().secretKey }));
    expect(await outcry('config', 'sign', '--project', 'shop', '--key', torn)).toBe(1);
    expect(err.at(-1)).toContain('OUTCRY_BAD_PUBLIC_KEY');
    expect(await outcry('config', 'show', '--file', torn)).toBe(1);
    expect(await outcry('config', 'show', '--file', 'nowhere')).toBe(1);
    expect(err.at(-1)).toContain('ENOENT');
  });
});

describe('signConfig', () => {
  it('makes one spelling only: what agents take is what was signed, byte for byte', () => {
    const document = signConfig({ format: 1, project: 'shop', version: 1, not_before: 1, not_after: 2 }, makeConfigKey());
    expect(document.config).toBe('{"format":1,"project":"shop","version":1,"not_before":1,"not_after":2}');
    expect(parseSignedConfig(JSON.stringify(document))?.text).toBe(document.config);
    for (const other of [
      `${document.config} `,
      document.config.replace(':1,', ': 1,'),
      document.config.replace('"format":1', '"format":1,"format":1'),
      document.config.replace(':2}', ':2.0}'),
    ])
      expect(parseSignedConfig(JSON.stringify({ ...document, config: other })), other).toBeUndefined();
  });
});
