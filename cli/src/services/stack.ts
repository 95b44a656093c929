/**
 * Things that were started and are to be stopped: in levels, the last level first, all of one level at once. Something whose start
 * is still under way when the stop comes is waited for and then stopped.
 */

export interface Stack {
  /**
   * Takes over something that is being started.
   *
   * @returns What it became. Rejects with its own error, or with `Stopped` when the stop came first.
   */
  add<T>(level: number, name: string, starting: Promise<T>, stop: (started: T) => Promise<unknown>): Promise<T>;
  /** Stops everything; a stop that fails is said and does not keep the others running. Safe to call twice. */
  stop(): Promise<void>;
}

/** The stop came while something was being started. Not a failure. */
export class Stopped extends Error {}

interface Entry {
  readonly level: number;
  readonly name: string;
  readonly stop: () => Promise<unknown>;
}

/** @param stopped - Resolves when the user asks for the end. */
export function makeStack(stopped: Promise<unknown>, say: (line: string) => void): Stack {
  const entries: Entry[] = [];
  const interrupted = stopped.then(() => {
    throw new Stopped();
  });
  // Raced only while something starts; otherwise nobody listens.
  interrupted.catch(() => undefined);
  const stopOne = async ({ name, stop }: Entry): Promise<void> => {
    try {
      await stop();
    } catch (error) {
      say(`${name} did not stop cleanly: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  return {
    async add(level, name, starting, stop) {
      entries.push({
        level,
        name,
        stop: async () => {
          const started = await starting.catch(() => undefined);
          if (started !== undefined) await stop(started);
        },
      });
      return await Promise.race([starting, interrupted]);
    },
    async stop() {
      while (entries.length > 0) {
        const level = Math.max(...entries.map((entry) => entry.level));
        const due = entries.filter((entry) => entry.level === level);
        entries.splice(0, entries.length, ...entries.filter((entry) => entry.level !== level));
        await Promise.all(due.map(stopOne));
      }
    },
  };
}
