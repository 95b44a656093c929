/** What `npm test` does with what its suites left behind: nothing that stays passes, and nothing that ends meanwhile breaks the run. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandOf, endLeftBehind, markedPids, removeFolder } from '../../../scripts/left-behind.mjs';

const gone = (code: string): Error => Object.assign(new Error(`${code}: gone`), { code });

/** A machine on which each process ends at its own time, ms, and no real time goes by. `deaf` ones do not even end when killed. */
function machine(endsAtMs: Readonly<Record<number, number>>, deaf = false) {
  const ends = new Map(Object.entries(endsAtMs).map(([pid, atMs]) => [Number(pid), atMs]));
  let nowMs = 0;
  const killed: number[] = [];
  const isAlive = (pid: number): boolean => nowMs < (ends.get(pid) ?? 0);
  return {
    killed,
    nowMs: () => nowMs,
    find: () => [...ends.keys()].filter(isAlive),
    around: {
      now: () => nowMs,
      pause: async (ms: number) => void (nowMs += ms),
      command: (pid: number) => {
        if (!isAlive(pid)) throw gone('ENOENT');
        return `node ${pid}.js`;
      },
      kill: (pid: number) => {
        if (!isAlive(pid)) throw gone('ESRCH');
        killed.push(pid);
        if (!deaf) ends.set(pid, nowMs);
      },
    },
  };
}

describe('processes that are left when the suites are over', () => {
  it('are none, and nothing is waited for', async () => {
    const { find, around, nowMs } = machine({});
    expect(await endLeftBehind(find, around)).toEqual([]);
    expect(nowMs()).toBe(0);
  });

  it('may be in the middle of stopping', async () => {
    const { find, around, killed } = machine({ 7: 300, 8: 9_000 });
    expect(await endLeftBehind(find, around)).toEqual([]);
    expect(killed).toEqual([]);
  });

  it('are a problem each when they stay, and are killed', async () => {
    const { find, around, killed } = machine({ 7: Infinity, 8: 9_000, 9: Infinity });
    expect(await endLeftBehind(find, around)).toEqual(['a process was left behind: 7 node 7.js', 'a process was left behind: 9 node 9.js']);
    expect(killed).toEqual([7, 9]);
    expect(find()).toEqual([]);
  });

  it.each(['command', 'kill'] as const)('are no problem when they end just before the %s', async (step) => {
    const { find, around } = machine({ 7: Infinity });
    const ended = (): never => {
      throw gone(step === 'kill' ? 'ESRCH' : 'ENOENT');
    };
    expect(await endLeftBehind(find, { ...around, [step]: ended })).toEqual([]);
  });

  it('are a problem when they cannot be killed, and the run goes on', async () => {
    const { find, around } = machine({ 7: Infinity });
    const refused = (): never => {
      throw gone('EPERM');
    };
    expect(await endLeftBehind(find, { ...around, kill: refused })).toEqual(['a process was left behind: 7 (EPERM: gone)']);
  });

  it('are waited for no longer than 15 s when not even SIGKILL ends them', async () => {
    const { find, around, nowMs } = machine({ 7: Infinity }, true);
    expect(await endLeftBehind(find, around)).toHaveLength(1);
    expect(nowMs()).toBeLessThanOrEqual(15_500);
  });

  it.skipIf(process.platform !== 'linux')('are found by the mark that they inherited', async () => {
    const mark = `OUTCRY_TEST_LEFT=${process.pid}-${Math.random()}`;
    const [name = '', value = ''] = mark.split('=');
    const script = 'process.send(0); setInterval(() => 0, 1e6);';
    const child = spawn(process.execPath, ['-e', script], {
      env: { ...process.env, [name]: value },
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    await once(child, 'message');
    expect(markedPids(mark)).toEqual([child.pid]);
    expect(commandOf(child.pid ?? 0)).toBe(`${process.execPath} -e ${script}`);
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    expect(markedPids(mark)).toEqual([]);
    expect(() => commandOf(child.pid ?? 0)).toThrow();
  });
});

describe('the folder of a run', () => {
  it('is removed with all that is in it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'outcry-test-'));
    mkdirSync(join(folder, 'a'));
    writeFileSync(join(folder, 'a/b'), '');
    expect(removeFolder(folder)).toEqual([]);
    expect(existsSync(folder)).toBe(false);
    expect(removeFolder(folder)).toEqual([]);
  });

  it('is a problem when it cannot be removed, and the run goes on', () => {
    expect(removeFolder('\0')).toEqual([expect.stringMatching(/^the run's folder cannot be removed: /)]);
  });
});
