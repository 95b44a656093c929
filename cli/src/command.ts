/** What every command is, and how its options are read. */
import { parseArgs, type ParseArgsConfig } from 'node:util';

/** Where a command prints and what surrounds it. */
export interface Surroundings {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}

export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What `--help` prints. */
  readonly help: string;
  /** Resolves with the exit code: 0 done, 1 failed. Rejects with `UsageError` for wrong arguments. */
  run(args: readonly string[], around: Surroundings): Promise<number>;
}

/** Wrong arguments: exit code 2. */
export class UsageError extends Error {}

type Options = NonNullable<ParseArgsConfig['options']>;

/** Options that every command takes. */
export const COMMON_OPTIONS = {
  help: { type: 'boolean', short: 'h' },
  config: { type: 'string' },
  'data-dir': { type: 'string' },
} as const satisfies Options;

export const COMMON_HELP = `  --config FILE     the configuration (default: outcry.config.json where it exists)
  --data-dir DIR    where data is kept (default: ./outcry-data)
  -h, --help        this text

Settings and OUTCRY_* variables: docs/reference/configuration.md`;

/**
 * Reads the arguments of a command.
 *
 * Throws `UsageError` naming the first wrong argument.
 */
export function readArguments<const T extends Options>(
  args: readonly string[],
  options: T,
): ReturnType<typeof parseArgs<{ options: T; args: string[] }>>['values'] {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? (error.message.split('.')[0] ?? '') : String(error));
  }
}
