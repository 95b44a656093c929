/** How tests signal processes: never a group, which an unknown id would mean. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { isRunning, signal } from '../../kill.js';

describe('a signal of a test', () => {
  it.each([0, -1, -0, NaN, 1.5, undefined])('is refused for the id %s', (pid) => {
    // 0 asks only; a refusal that is missing must not end the run.
    expect(() => signal(pid, 0)).toThrow(RangeError);
    expect(() => isRunning(pid)).toThrow(RangeError);
  });

  it('reaches its process, and tells when that is gone', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1e6)'], { stdio: 'ignore' });
    const ended = once(child, 'exit');
    expect(isRunning(child.pid)).toBe(true);
    expect(signal(child.pid, 'SIGKILL')).toBe(true);
    expect(await ended).toEqual([null, 'SIGKILL']);
    expect(signal(child.pid, 'SIGKILL')).toBe(false);
    expect(isRunning(child.pid)).toBe(false);
  });

  it('has no other way to a process by its id', () => {
    const folder = fileURLToPath(new URL('../..', import.meta.url));
    const others = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(ts|mjs)$/.test(file))
      .filter((file) => readFileSync(join(folder, file), 'utf8').includes(`process${'.kill('}`));
    expect(others).toEqual(['kill.ts']);
  });
});
