#!/usr/bin/env node
/** The `outcry` command: finds the command that is asked for, runs it, and turns what happens into lines and an exit code. */
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { UsageError, type Command, type Surroundings } from './command.js';
import { COMMANDS } from './commands/index.js';
import { ConfigError } from './config/load.js';
import { errorLine } from './describe-error.js';

const HELP = `outcry: hears from the clients that cannot reach you

outcry <command> [options]

${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(10)} ${summary}`).join('\n')}

outcry <command> --help tells more. Exit codes: 0 done, 1 failed, 2 wrong arguments.`;

/**
 * Runs the command line.
 *
 * @returns The exit code: 0 done, 1 failed, 2 wrong arguments. Never rejects.
 */
export async function run(argv: readonly string[], around: Surroundings): Promise<number> {
  const [name, ...args] = argv;
  if (name === '--help' || name === '-h' || name === 'help') {
    around.out(HELP);
    return 0;
  }
  const command: Command | undefined = COMMANDS.find((one) => one.name === name);
  if (!command) {
    around.err(name === undefined ? HELP : `outcry: there is no command "${name}"; see outcry --help`);
    return 2;
  }
  if (args.includes('--help') || args.includes('-h')) {
    around.out(command.help);
    return 0;
  }
  try {
    return await command.run(args, around);
  } catch (error) {
    if (error instanceof UsageError) {
      around.err(`outcry ${command.name}: ${error.message}; see outcry ${command.name} --help`);
      return 2;
    }
    if (error instanceof ConfigError) for (const problem of error.problems) around.err(`outcry: ${error.code}: ${problem}`);
    else around.err(errorLine(error));
    return 1;
  }
}

function isStartedDirectly(): boolean {
  const [, script] = process.argv;
  return script !== undefined && realpathSync(script) === fileURLToPath(import.meta.url);
}

if (isStartedDirectly()) {
  const code = await run(process.argv.slice(2), {
    out: (line) => process.stdout.write(`${line}\n`),
    err: (line) => process.stderr.write(`${line}\n`),
    env: process.env,
    cwd: process.cwd(),
  });
  process.exit(code);
}
