import type { Surroundings } from './command.js';
import { loadConfig } from './config/load.js';
import type { Config } from './config/schema.js';

export interface CommandConfig {
  readonly config: Config;
  readonly file: string | undefined;
}

/**
 * The configuration as a command gets it: file, environment, then its own `--data-dir`; says which variables mean nothing.
 *
 * Throws `ConfigError`.
 */
export function loadForCommand(
  values: { config?: string | undefined; 'data-dir'?: string | undefined },
  { env, cwd, err }: Surroundings,
): CommandConfig {
  const dataDir = values['data-dir'];
  const merged = dataDir === undefined ? env : { ...env, OUTCRY_DATA_DIR: dataDir };
  const { config, file, ignored } = loadConfig({ file: values.config, env: merged, cwd });
  for (const name of ignored) err(`outcry: ${name} is not a variable of outcry and is ignored`);
  return { config, file };
}
