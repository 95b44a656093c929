/** What a run of the tests left behind: processes, which all inherit the run's mark, and the run's folder. Neither look ever throws. */
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

const GRACE_MS = 10_000;
const KILLED_WITHIN_MS = 5_000;
const LOOK_EVERY_MS = 200;
const SHOWN_CHARS = 120;

/**
 * Processes, other than this one, whose environment holds the mark, however far it was handed down.
 * @param {string} mark such as `TEST_RUN_MARK=…`
 * @returns {number[]} none where there is no /proc
 */
export function markedPids(mark) {
  if (!existsSync('/proc/self/environ')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(mark);
      } catch {
        return false;
      }
    })
    .map(Number);
}

/**
 * The command line of a process, its words set apart by spaces.
 * @param {number} pid
 * @returns {string} empty for one that has ended and waits for its parent; throws for one that is gone
 */
export const commandOf = (pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();

/**
 * Waits for processes that are just stopping, kills those that stay, and waits until they are gone.
 * @param {() => number[]} find the processes that are left now
 * @param {object} [around] the machine; tests hand in another
 * @param {(pid: number) => string} [around.command] its command line; throws when it is gone
 * @param {(pid: number) => void} [around.kill] throws when it is gone
 * @param {(ms: number) => Promise<unknown>} [around.pause]
 * @param {() => number} [around.now] ms
 * @returns {Promise<string[]>} a problem for each process that stayed. Never rejects.
 */
export async function endLeftBehind(find, around = {}) {
  const { command = commandOf, kill = (pid) => process.kill(pid, 'SIGKILL'), pause = wait, now = () => performance.now() } = around;
  const goneWithin = async (limitMs) => {
    const endMs = now() + limitMs;
    let left = find();
    while (left.length > 0 && now() < endMs) {
      await pause(LOOK_EVERY_MS);
      left = find();
    }
    return left;
  };
  const problems = [];
  for (const pid of await goneWithin(GRACE_MS)) {
    try {
      const line = command(pid).slice(0, SHOWN_CHARS);
      kill(pid);
      problems.push(`a process was left behind: ${pid} ${line}`);
    } catch (error) {
      // One that ended just now is not left behind.
      if (!['ENOENT', 'ESRCH'].includes(error.code)) problems.push(`a process was left behind: ${pid} (${error.message})`);
    }
  }
  if (problems.length > 0) await goneWithin(KILLED_WITHIN_MS);
  return problems;
}

/**
 * Removes the folder that the run wrote to.
 * @param {string} folder
 * @returns {string[]} a problem when it cannot be removed. Never throws.
 */
export function removeFolder(folder) {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    return [];
  } catch (error) {
    return [`the run's folder cannot be removed: ${error.message}`];
  }
}
