/**
 * The one way for a test to signal a process by its id. Ids that are not above 0 mean whole groups of processes, 0 the group of the test
 * itself, which would end the run.
 */

/**
 * Signals a process.
 *
 * @param name - A signal, or 0 only to look whether the process is there.
 * @returns False when the process is gone. Throws for an id that is not a whole number above 0, and when it may not be signalled.
 */
export function signal(pid: number | undefined, name: NodeJS.Signals | 0): boolean {
  if (pid === undefined || !Number.isInteger(pid) || pid <= 0) throw new RangeError(`${String(pid)} is the id of no process`);
  try {
    return process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** Whether the process is there. Throws as `signal` does. */
export const isRunning = (pid: number | undefined): boolean => signal(pid, 0);
