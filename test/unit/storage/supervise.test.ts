import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { startError, type OwnerProcess } from '../../../storage/src/owner-process.js';
import { restartPauseMs, supervise } from '../../../storage/src/supervise.js';

function fakeOwner(pid: number): OwnerProcess & { end(how: string): void; killed: string[] } {
  let end: (how: string) => void = () => undefined;
  const exited = new Promise<string>((resolve) => {
    end = resolve;
  });
  const killed: string[] = [];
  return {
    pid,
    port: 0,
    version: '1',
    exited,
    lastBeatMs: () => Date.now(),
    kill: (signal) => (killed.push(signal), end(signal)),
    end,
    killed,
  };
}

describe('the pause before a restart', () => {
  test('doubles from 200 ms to 10 s', () => {
    expect([0, 1, 2, 5, 6, 7, 1_000].map(restartPauseMs)).toEqual([200, 400, 800, 6_400, 10_000, 10_000, 10_000]);
  });
});

describe('a supervisor', () => {
  test('starts the next one after an end, and goes on trying when that fails', async () => {
    const [first, second] = [fakeOwner(1), fakeOwner(2)];
    const lines: string[] = [];
    let tries = 0;
    const start = async () => {
      tries += 1;
      if (tries === 1) throw new Error('no');
      return second;
    };
    const supervisor = supervise(first, start, { log: (line) => lines.push(line) });
    first.end('exit code 1');
    while (supervisor.current().pid !== 2) await sleep(20);
    expect(lines).toEqual(['the embedded engine ended (exit code 1) and is started again', 'the embedded engine does not start: no']);
    await supervisor.stop();
    expect(second.killed).toEqual(['SIGTERM']);
  });

  test('ends one that does not heed SIGTERM before the 2 s are over that a stop promises', async () => {
    vi.useFakeTimers();
    try {
      const deaf = fakeOwner(1);
      const heard: string[] = [];
      const kill = (signal: 'SIGTERM' | 'SIGKILL'): void => {
        heard.push(signal);
        if (signal === 'SIGKILL') deaf.end(signal);
      };
      const supervisor = supervise({ ...deaf, kill }, () => Promise.reject(new Error('started')), { log: () => undefined });
      let isStopped = false;
      void supervisor.stop().then(() => (isStopped = true));
      await vi.advanceTimersByTimeAsync(1_000);
      expect(heard).toEqual(['SIGTERM']);
      expect(isStopped).toBe(false);
      await vi.advanceTimersByTimeAsync(900);
      expect(heard).toEqual(['SIGTERM', 'SIGKILL']);
      expect(isStopped).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });

  test('starts nothing after it was stopped', async () => {
    const first = fakeOwner(1);
    const supervisor = supervise(first, () => Promise.reject(new Error('started')), { log: () => undefined });
    await supervisor.stop();
    expect(first.killed).toEqual(['SIGTERM']);
  });

  test('stops one that was just being started', async () => {
    const [first, second] = [fakeOwner(1), fakeOwner(2)];
    let finishStart: (owner: OwnerProcess) => void = () => undefined;
    let hasBegun = false;
    const start = () =>
      new Promise<OwnerProcess>((resolve) => {
        hasBegun = true;
        finishStart = resolve;
      });
    const supervisor = supervise(first, start, { log: () => undefined });
    first.end('SIGKILL');
    while (!hasBegun) await sleep(20);
    const stopped = supervisor.stop();
    finishStart(second);
    await stopped;
    expect(second.killed).toEqual(['SIGTERM']);
  });
});

describe('a start that failed', () => {
  test.each([
    [undefined, 'Code: 76. DB::Exception: Cannot lock file /x/status', 'OUTCRY_DATA_DIR_LOCKED'],
    [{ code: 'EADDRINUSE', message: 'taken' }, '', 'OUTCRY_PORT_TAKEN'],
    [{ code: 'ENOSPC', message: 'full' }, '', 'OUTCRY_DATA_DIR'],
  ] as const)('is told by a code that the operator can act on', (failure, stderr, code) => {
    expect(startError(failure, stderr, 'exit code 1')).toMatchObject({ code });
  });

  test('for any other reason says what the engine said', () => {
    expect(startError(undefined, 'Code: 478. UNKNOWN_POLICY', 'SIGABRT').message).toBe(
      'the embedded engine did not start (SIGABRT): Code: 478. UNKNOWN_POLICY',
    );
  });
});
