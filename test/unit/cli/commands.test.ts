import { createServer } from 'node:net';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../cli/src/commands/index.js';
import { run } from '../../../cli/src/main.js';
import { freePort } from '../../free-port.js';

let cwd: string;
let out: string[];
let err: string[];
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'outcry-command-'));
  out = [];
  err = [];
});
afterEach(() => rmSync(cwd, { recursive: true }));

const outcry = (args: string[], env: NodeJS.ProcessEnv = {}): Promise<number> =>
  run(args, { out: (line) => out.push(line), err: (line) => err.push(line), env, cwd });

describe('outcry', () => {
  it('lists its commands', async () => {
    expect(await outcry(['--help'])).toBe(0);
    expect(COMMANDS.map(({ name }) => name)).toEqual([
      'demo',
      'serve',
      'collector',
      'analyzer',
      'storage',
      'keygen',
      'config',
      'tail',
      'mark',
      'simulate',
      'backtest',
    ]);
    for (const { name } of COMMANDS) expect(out.join('\n')).toMatch(new RegExp(`^  ${name} +\\S`, 'm'));
  });

  it('ends with 2 without a command, and for one that does not exist', async () => {
    expect(await outcry([])).toBe(2);
    expect(await outcry(['dance'])).toBe(2);
    expect(err.at(-1)).toBe('outcry: there is no command "dance"; see outcry --help');
    expect(out).toEqual([]);
  });

  it.each(COMMANDS.map(({ name }) => name))('%s has help and refuses unknown options with 2', async (name) => {
    expect(await outcry([name, '--help'])).toBe(0);
    expect(out.join('\n')).toMatch(new RegExp(`^outcry ${name}`));
    expect(out.join('\n')).toContain('--config FILE');
    expect(await outcry([name, '--dance'])).toBe(2);
    expect(err).toEqual([`outcry ${name}: Unknown option '--dance'; see outcry ${name} --help`]);
    expect(existsSync(join(cwd, 'outcry-data'))).toBe(false);
  });

  it('names every wrong setting on a line of its own and ends with 1', async () => {
    expect(await outcry(['serve'], { OUTCRY_COLLECTOR_PORT: 'x', OUTCRY_ANALYZER_PORT: '0' })).toBe(1);
    expect(err).toHaveLength(2);
    expect(err[0]).toMatch(/^outcry: OUTCRY_BAD_CONFIG: OUTCRY_COLLECTOR_PORT must be a whole number/);
    expect(err[1]).toMatch(/^outcry: OUTCRY_BAD_CONFIG: OUTCRY_ANALYZER_PORT must be at least 1/);
  });

  it.each(['serve', 'demo'])('%s names a taken port in one line and ends with 1', async (name) => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    try {
      expect(await outcry([name], { OUTCRY_COLLECTOR_PORT: String(port) })).toBe(1);
      expect(err).toHaveLength(1);
      expect(err[0]).toContain(`outcry: OUTCRY_PORT_TAKEN: port ${port} of 127.0.0.1 is taken by another process`);
    } finally {
      taken.close();
    }
  });

  it('names a data directory that cannot be written and ends with 1', async () => {
    writeFileSync(join(cwd, 'file'), '');
    expect(await outcry(['serve', '--data-dir', 'file/data'])).toBe(1);
    expect(err).toHaveLength(1);
    expect(err[0]).toMatch(/^outcry: OUTCRY_DATA_DIR: .*file\/data cannot be written \((ENOTDIR|EEXIST)\)/);
  });

  it('says which variables mean nothing', async () => {
    expect(await outcry(['keygen'], { OUTCRY_PROT: '1' })).toBe(0);
    expect(err).toEqual(['outcry: OUTCRY_PROT is not a variable of outcry and is ignored']);
  });
});

describe('outcry keygen', () => {
  it('writes both halves into a file that only its owner reads, and prints the public one', async () => {
    expect(await outcry(['keygen', '--json'])).toBe(0);
    const { public_key: publicKey, file } = JSON.parse(out[0] ?? '') as Record<string, string>;
    expect(file).toBe(join(cwd, 'outcry-data', 'recipient-key.json'));
    const stored = JSON.parse(readFileSync(file ?? '', 'utf8')) as Record<string, string>;
    expect(stored['public_key']).toBe(publicKey);
    expect(stored['secret_key']).toMatch(/^[0-9A-Za-z_-]{43}$/);
    expect(statSync(file ?? '').mode & 0o777).toBe(0o600);
    expect(out.join('\n')).not.toContain(stored['secret_key']);
  });

  it('never overwrites a key', async () => {
    const file = join(cwd, 'key.json');
    writeFileSync(file, 'mine');
    expect(await outcry(['keygen', '--out', 'key.json'])).toBe(1);
    expect(err).toEqual([`outcry: ${file} exists already; a key is never overwritten`]);
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });

  it('makes another key each time', async () => {
    await outcry(['keygen', '--out', 'a.json']);
    await outcry(['keygen', '--out', 'b.json']);
    expect(readFileSync(join(cwd, 'a.json'), 'utf8')).not.toBe(readFileSync(join(cwd, 'b.json'), 'utf8'));
  });
});

describe('outcry collector', () => {
  it('tells where the recipient key is missing', async () => {
    const port = await freePort();
    expect(await outcry(['collector'], { OUTCRY_COLLECTOR_PORT: String(port) })).toBe(1);
    expect(err[0]).toContain(`there is no recipient key at ${join(cwd, 'outcry-data', 'recipient-key.json')}`);
  });

  it('names a key file that holds no key, without its content', async () => {
    writeFileSync(join(cwd, 'bad.json'), '{"public_key":"abc","secret_key":"topsecret"}');
    const env = { OUTCRY_COLLECTOR_PORT: String(await freePort()), OUTCRY_KEY_FILES: join(cwd, 'bad.json') };
    expect(await outcry(['collector'], env)).toBe(1);
    expect(err[0]).toContain('bad.json does not hold public_key and secret_key');
    expect(err.join('')).not.toContain('topsecret');
  });

  it('tells when no storage runs', async () => {
    mkdirSync(join(cwd, 'outcry-data'), { mode: 0o700 });
    await outcry(['keygen']);
    expect(await outcry(['collector'], { OUTCRY_COLLECTOR_PORT: String(await freePort()) })).toBe(1);
    expect(err[0]).toMatch(/^outcry: OUTCRY_STORAGE_UNREACHABLE: no storage runs on/);
  });
});

describe('outcry tail', () => {
  it('shows development projects only', async () => {
    expect(await outcry(['tail', '--project', 'shop'])).toBe(2);
    expect(err).toEqual(['outcry tail: --project must name a development project (it is "shop"); see outcry tail --help']);
  });

  it('bounds --since', async () => {
    expect(await outcry(['tail', '--since', '9999'])).toBe(2);
    expect(err[0]).toContain('--since must be a number of minutes between 0 and 1440');
  });
});

describe('outcry storage', () => {
  it('listens on loopback only', async () => {
    expect(await outcry(['storage', '--listen', '0.0.0.0:8123'])).toBe(2);
    expect(err[0]).toContain('--listen must be a loopback address and a port');
  });
});
