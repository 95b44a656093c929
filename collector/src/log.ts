/** One line of the log: what happened, in fixed words, with numbers. No address, no content of a report, no error text of others. */
export interface LogEntry {
  readonly level: 'info' | 'warn' | 'error';
  /** Words that stay the same, so that they can be searched for. */
  readonly message: string;
  readonly [detail: string]: string | number | boolean | undefined;
}
export type Log = (entry: LogEntry) => void;

/** Writes JSON lines to standard output. */
export const logToStdout: Log = (entry) => void process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), ...entry })}\n`);

/** Lets the same message through at most once in `everyMs`, so that a full disk does not fill it further. */
export function sparingly(log: Log, everyMs = 60_000, now: () => number = Date.now): Log {
  const lastMs = new Map<string, number>();
  return (entry) => {
    const last = lastMs.get(entry.message);
    if (last !== undefined && now() - last < everyMs) return;
    lastMs.set(entry.message, now());
    log(entry);
  };
}
