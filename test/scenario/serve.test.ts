/** `outcry serve` as a user runs it: it takes reports, outlives the crash of a part, is refused a second time, and stops clean. */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signal } from '../kill.js';
import { freePort } from '../free-port.js';
import { markedPids, RunningCommand } from './running-command.js';

/** Its graces, one after the other, add up to less than 13 s; a stop that hangs is to be found, on any machine. */
const STOPPED_WITHIN_MS = 40_000;
const PATIENCE_MS = 100_000;

describe.skipIf(process.platform !== 'linux')('outcry serve', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'outcry-serve-'));
  const mark = `OUTCRY_TEST_SERVE=${dataDir}`;
  let env: NodeJS.ProcessEnv;
  let serving: RunningCommand;
  let collectorUrl: string;

  beforeAll(async () => {
    const port = await freePort();
    collectorUrl = `http://127.0.0.1:${port}`;
    env = {
      OUTCRY_TEST_SERVE: dataDir,
      OUTCRY_DATA_DIR: dataDir,
      OUTCRY_COLLECTOR_PORT: String(port),
      OUTCRY_COLLECTOR_WORKERS: '2',
      OUTCRY_ANALYZER_PORT: String(await freePort()),
    };
    serving = new RunningCommand(['serve'], env);
    await serving.said(/analyzer\s+http/, PATIENCE_MS);
  });
  afterAll(async () => {
    serving.child.kill('SIGKILL');
    await serving.exited;
    rmSync(dataDir, { recursive: true, force: true });
  });

  const isReady = async (): Promise<boolean> => {
    try {
      return (await fetch(`${collectorUrl}/readyz`)).ok;
    } catch {
      return false;
    }
  };

  it('makes a key on its first start that only its owner reads, and prints the public half', () => {
    const file = join(dataDir, 'recipient-key.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const key = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
    expect(serving.text).toContain(`recipientKey ${key['public_key']}`);
    expect(serving.text).not.toContain(key['secret_key']);
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
  });

  it('starts a collector again that was killed, while the others go on', async () => {
    const before = markedPids(mark);
    const [collector] = markedPids(mark, 'collector-process');
    const workers = markedPids(mark, 'workers/worker.js');
    expect(workers).toHaveLength(2);
    expect(await isReady()).toBe(true);
    expect(signal(collector, 'SIGKILL')).toBe(true);
    await serving.said(/collector c1 ended by itself \(signal SIGKILL\); starting it again/, PATIENCE_MS);
    await serving.said(/collector c1 runs again/, PATIENCE_MS);
    expect(await isReady()).toBe(true);
    // Its workers end with it; nothing else does.
    const ended = (): number[] => {
      const after = markedPids(mark);
      return before.filter((pid) => !after.includes(pid)).sort();
    };
    await expect.poll(ended, { timeout: 30_000 }).toEqual([collector, ...workers].sort());
  });

  it('is refused a second time on the same ports, in one line', async () => {
    const second = new RunningCommand(['serve'], env);
    expect(await second.exited).toBe(1);
    expect(second.text.trim().split('\n')).toHaveLength(1);
    expect(second.text).toMatch(/^outcry: OUTCRY_PORT_TAKEN: port \d+ of 127\.0\.0\.1 is taken by another process/);
  });

  it('is refused the same data on other ports, in one line', async () => {
    const ports = { OUTCRY_COLLECTOR_PORT: String(await freePort()), OUTCRY_ANALYZER_PORT: String(await freePort()) };
    const second = new RunningCommand(['serve'], { ...env, ...ports });
    expect(await second.exited).toBe(1);
    expect(second.text.split('\n').filter((line) => line.startsWith('outcry: '))).toHaveLength(1);
    expect(second.text).toMatch(/^outcry: OUTCRY_DATA_DIR_LOCKED: /m);
    expect(await isReady()).toBe(true);
  });

  it('stops everything on Ctrl-C', async () => {
    const { code, tookMs } = await serving.interrupt();
    expect(code).toBe(0);
    expect(tookMs).toBeLessThan(STOPPED_WITHIN_MS);
    // What a grace had to kill takes what it started along, a moment later.
    await expect.poll(() => markedPids(mark), { timeout: 10_000 }).toEqual([]);
  });

  it('leaves nothing running when it is itself killed', async () => {
    const again = new RunningCommand(['serve'], env);
    await again.said(/analyzer\s+http/, PATIENCE_MS);
    expect(markedPids(mark).length).toBeGreaterThanOrEqual(4);
    again.child.kill('SIGKILL');
    await again.exited;
    await expect.poll(() => markedPids(mark), { timeout: 60_000 }).toEqual([]);
  });
});
