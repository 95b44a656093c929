import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeRecipientKey } from '@outcry/protocol/open';
import { run } from '../../../cli/src/main.js';

let cwd: string;
let out: string[];
let err: string[];
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'outcry-simulate-'));
  out = [];
  err = [];
});
afterEach(() => rmSync(cwd, { recursive: true }));
const outcry = (...args: string[]): Promise<number> => run(args, { out: (l) => out.push(l), err: (l) => err.push(l), env: {}, cwd });

describe('outcry simulate and outcry backtest', () => {
  it('write a world and tell how right the detector was', async () => {
    const small = ['--seed', '4', '--days', '0.25', '--projects', '1', '--hosts', '2', '--scripts', 'server-5xx'];
    expect(await outcry('simulate', '--out', 'world.ndjson', ...small)).toBe(0);
    expect(await outcry('simulate', ...small)).toBe(0);
    expect(out.join('\n') + '\n' === readFileSync(join(cwd, 'world.ndjson'), 'utf8')).toBe(true);
    out = [];
    expect(await outcry('backtest', '--in', 'world.ndjson')).toBe(0);
    const { spikes, scores } = JSON.parse(out.join('\n')) as {
      spikes: { kind: string }[];
      scores: Record<string, { recall: { of: number; hits: number } }>;
    };
    expect(spikes.every((s) => s.kind === 'http')).toBe(true);
    expect(scores['detector']?.recall).toMatchObject({ of: 1, hits: 1 });
    expect(Object.keys(scores)).toEqual(['detector', 'three-sigma', 'seasonal-naive']);
    expect(err).toEqual([]);
  }, 60_000);

  it.each([
    ['simulate', '--seed', '-1'],
    ['simulate', '--days', 'x'],
    ['simulate', '--incidents', '1.5'],
    ['simulate', '--scripts', 'earthquake'],
    ['simulate', '--broken', 'physics'],
    ['backtest'],
    ['backtest', '--in', 'a', '--false-alarms', '0'],
    ['backtest', '--in', 'a', '--to', '2026-01-05T00:00:00Z'],
    ['backtest', '--from', '2026-01-05'],
  ])('%s %s %s is refused with 2', async (...args: string[]) => {
    expect(await outcry(...args.filter((a) => a !== undefined))).toBe(2);
    expect(err).toHaveLength(1);
    expect(out).toEqual([]);
  });

  it('send nothing when what truly happened cannot be written down', async () => {
    let asked = 0;
    const collector = createServer((_request, response) => {
      asked += 1;
      response.writeHead(204).end();
    }).listen(0, '127.0.0.1');
    await once(collector, 'listening');
    const url = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
    const to = ['--send', '--collector', url, '--recipient-key', makeRecipientKey().publicKey, '--days', '0.1', '--projects', '1'];
    const code = await outcry('simulate', ...to, '--hosts', '1', '--incidents', '0', '--truth', 'missing/truth');
    collector.close();
    expect(err).toEqual(['outcry simulate: --truth FILE cannot be written (ENOENT); see outcry simulate --help']);
    expect([code, asked]).toEqual([2, 0]);
  });

  it('name a file that is missing, empty, or no history, and end with 1', async () => {
    writeFileSync(join(cwd, 'empty'), '');
    writeFileSync(join(cwd, 'other'), '{"row":"place"}\n');
    for (const file of ['missing', 'empty', 'other']) expect(await outcry('backtest', '--in', file)).toBe(1);
    expect(err[0]).toContain('cannot be read (ENOENT)');
    expect(err[1]).toContain('is empty');
    expect(err[2]).toContain('line 1 of');
    expect(await outcry('simulate', '--out', 'missing/world', '--days', '0.1')).toBe(1);
    expect(err[3]).toContain('cannot be written (ENOENT)');
  });

  it('name a file of what truly happened that cannot be read before the history is', async () => {
    writeFileSync(join(cwd, 'other'), '{"row":"place"}\n');
    expect(await outcry('backtest', '--in', 'history', '--truth', 'typo')).toBe(1);
    expect(err[0]).toContain('typo cannot be read (ENOENT)');
    expect(await outcry('backtest', '--in', 'history', '--truth', 'other')).toBe(1);
    expect(err[1]).toMatch(/line 1 of .*other is no row/);
  });
});
