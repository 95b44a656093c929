import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { answer, readOptions } from '../../lab/options.js';
import { FAULTS } from '../../lab/faults.js';

let out: string[] = [];
let err: string[] = [];
beforeEach(() => {
  [out, err] = [[], []];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void out.push(line));
  vi.spyOn(console, 'error').mockImplementation((line: string) => void err.push(line));
});
afterEach(() => vi.restoreAllMocks());

describe('the arguments of the lab', () => {
  it.each([
    [['--dance'], 'Unknown option'],
    [['--fault', 'earthquake'], '--fault names no fault'],
    [['--engine', 'lynx'], '--engine names no engine'],
    [['--rtt', 'x'], '--rtt must be 0 to 5000'],
    [['--worlds', '0'], '--worlds must be 1 to 16'],
    [['--engine', 'webkit', '--landmarks', 'stun'], 'these engines know none of these landmarks'],
    [['extra'], 'Unexpected argument'],
  ])('%j are refused with 2 and words', (args, words) => {
    expect(answer(args)).toBe(2);
    expect(err.join('\n')).toContain(words);
    expect(err.join('\n')).toContain('npm run lab -- [options]');
    expect(out).toEqual([]);
  });

  it('--help, --list and --from are answered without a run', () => {
    expect(answer(['--help'])).toBe(0);
    expect(out.join('\n')).toContain('--engine NAME');
    out = [];
    expect(answer(['--list'])).toBe(0);
    expect(out).toHaveLength(FAULTS.length);
    expect(answer(['--from', '/none/run.json'])).toBe(1);
    expect(err).toEqual([expect.stringContaining('--from: ENOENT')]);
  });

  it('a run is not begun by reading them', () => {
    expect(answer(['--fault', FAULTS[0]?.name ?? '', '--engine', 'node-fetch'])).toBeUndefined();
    expect(readOptions(['--no-tao', '--rtt', '80', '--engine', 'node-fetch'])).toMatchObject({
      conditions: { tao: false, rttMs: 80, lossPercent: 0 },
      clients: [{ engine: 'node-fetch', landmarks: 'none' }],
      isWhole: true,
      nel: true,
      json: false,
    });
    expect([...out, ...err]).toEqual([]);
  });
});
