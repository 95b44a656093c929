/** A process and all that it started, seen through `/proc`. */
import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { signal } from '../kill.js';

/** The process and its descendants. */
function familyOf(pid: number): readonly number[] {
  const parents = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      try {
        // The name in parentheses may hold spaces; the parent is the second word after it.
        const [, parent] = readFileSync(`/proc/${entry}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
        return [{ pid: Number(entry), parent: Number(parent) }];
      } catch {
        return []; // it has ended meanwhile
      }
    });
  const family = [pid];
  for (const member of family) family.push(...parents.filter(({ parent }) => parent === member).map((child) => child.pid));
  return family;
}

/** When, in a request, something happens to its client. */
export const MEANWHILE_AFTER_MS = 1_000;
export const SLEEP_MS = 20_000;

/** Stops the process and all that it started for a while: no timer runs and no packet is read, while the clocks go on. */
export async function sleepSoon(pid: number | undefined): Promise<void> {
  if (pid === undefined) throw new Error('the process is not known');
  await wait(MEANWHILE_AFTER_MS);
  const family = familyOf(pid);
  for (const member of family) signal(member, 'SIGSTOP');
  await wait(SLEEP_MS);
  for (const member of family) signal(member, 'SIGCONT');
}
