/**
 * A route leak on real routers (bird, BGP) from its first lost packet to the analyzer's word on it, in a private world of its own.
 * Long because agents, two collectors, storage and analyzer start in their networks, and a fault needs time to be one.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { obstacle } from '../lab/private-world.mjs';
import { LEAK_PROGRAMS } from '../../scripts/programs.mjs';

const root = new URL('../..', import.meta.url).pathname;
const why = (obstacle as (programs: unknown) => string | undefined)(LEAK_PROGRAMS);
if (why !== undefined) console.log(`route leak skipped: ${why}`);

describe.skipIf(why !== undefined)('a route leak', () => {
  it('is reported by the clients behind it while it lasts, by those cut off afterwards, and is not blamed on the servers', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['test/lab/leak/run.mjs'], { cwd: root }).catch(
      (error: { stdout: string; stderr: string }) => ({ stdout: `${error.stdout}${error.stderr}` }),
    );
    expect(stdout).not.toContain('not seen');
    expect(stdout).toMatch(/s {2}fault: the leaker announces/);
    expect(stdout).toMatch(/s {2}first report stored, from AS12322\/FR/);
    expect(stdout).toMatch(/s {2}first report stored of those cut off, from AS2856\/GB/);
    expect(stdout).toMatch(/s {2}alert: /);
    expect(stdout).toContain('in network AS12322/FR');
    expect(stdout).toContain('Is it us? outside');
    // Each of its own waits may take a minute.
  }, 480_000);
});
