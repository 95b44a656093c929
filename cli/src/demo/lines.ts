/** The lines that the demo prints. */

/** Time of day in UTC, as the pages show it. */
export const timeOfDay = (ms: number): string => `${new Date(ms).toISOString().slice(11, 19)}Z`;

export interface Lines {
  /** A line of its own, with the time of day. */
  readonly say: (line: string) => void;
  /** A line without time, for lists and headings. */
  readonly plain: (line: string) => void;
  /** Progress: rewritten in place on a terminal, a line now and then elsewhere. */
  readonly progress: (line: string) => void;
}

/** On something that is no terminal, progress is printed this often at most, ms. */
const PROGRESS_EVERY_MS = 3000;

export function makeLines(out: (line: string) => void, { isTty = process.stdout.isTTY, now = Date.now } = {}): Lines {
  let hasProgress = false;
  let progressAtMs = 0;
  const clear = (): void => {
    if (hasProgress) process.stdout.write('\r\u001b[2K');
    hasProgress = false;
  };
  return {
    say(line) {
      clear();
      out(`${timeOfDay(now())}  ${line}`);
    },
    plain(line) {
      clear();
      out(line);
    },
    progress(line) {
      if (isTty) {
        clear();
        process.stdout.write(`           ${line}`.slice(0, (process.stdout.columns || 80) - 1));
        hasProgress = true;
      } else if (now() - progressAtMs >= PROGRESS_EVERY_MS) {
        progressAtMs = now();
        out(`           ${line}`);
      }
    },
  };
}
