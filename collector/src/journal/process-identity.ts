/** Tells a process from a later one of the same number, which a process id alone does not: they are used again. */
import { readFileSync } from 'node:fs';

/** Counted from the end of the name in parentheses, which may hold anything. */
const STATE = 0;
const START_TIME = 19;
let bootId: string | undefined;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/**
 * What this process is besides its number: boot and start time where the system tells (Linux), else only that it runs.
 *
 * @returns undefined when no process of this number runs; one that is dead but not yet waited for does not.
 */
export function identityOf(pid: number): string | undefined {
  let stat: string;
  try {
    bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').slice(0, 8);
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return isAlive(pid) ? 'running' : undefined;
  }
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[STATE] === 'Z' || fields[STATE] === 'X' ? undefined : `${bootId}-${fields[START_TIME] ?? ''}`;
}

/** A process as another one can find it again. */
export interface ProcessMark {
  readonly pid: number;
  readonly identity: string;
}

export const ownMark = (): ProcessMark => ({ pid: process.pid, identity: identityOf(process.pid) ?? 'running' });

/** Whether that very process still runs. */
export function isRunning({ pid, identity }: ProcessMark): boolean {
  const present = identityOf(pid);
  return present !== undefined && present === identity;
}
