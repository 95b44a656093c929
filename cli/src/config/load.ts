/** Reads the configuration: the file, then the environment over it, checked as one; every wrong value is named. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import { OutcryError } from '@outcry/protocol';
import type { z } from 'zod';
import { jsonFault } from './json-fault.js';
import { configSchema, type Config } from './schema.js';
import { readEnvironment, unknownVariables, type Variable } from './variables.js';

export const DEFAULT_FILE = 'outcry.config.json';

export class ConfigError extends OutcryError {
  /** One sentence for each wrong value. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super('OUTCRY_BAD_CONFIG', problems.join('; '));
    this.problems = problems;
  }
}

export interface LoadedConfig {
  readonly config: Config;
  /** The file that was read, or undefined where there is none. */
  readonly file: string | undefined;
  /** Variables that begin with `OUTCRY_` and mean nothing. */
  readonly ignored: readonly string[];
}

/** Settings whose values are never printed: a URL may hold a password or be a secret as a whole. */
const IS_SECRET = /^(password|(.*_)?urls?)$/;

type Tree = Record<string, unknown>;
const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

function merge(under: Tree, over: Tree): Tree {
  const merged = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    merged[key] = isTree(value) && isTree(below) ? merge(below, value) : value;
  }
  return merged;
}

function readFile(path: string): Tree {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError([`the file ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`]);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const { line, column } = jsonFault(text);
    throw new ConfigError([`${path} is not JSON: line ${line}, column ${column}`]);
  }
  if (!isTree(value)) throw new ConfigError([`${path} must hold a JSON object`]);
  return value;
}

function problemOf(issue: z.core.$ZodIssue, values: Tree, set: ReadonlyMap<string, Variable>, file: string | undefined): string[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => `${[...path, key].join('.')} is not a setting`);
  // An item of a list is named by its variable too.
  const variable = set.get(path.join('.')) ?? set.get(path.slice(0, -1).join('.'));
  const value = path.reduce<unknown>((at, key) => (at as Tree | undefined)?.[key], values);
  const where = variable?.name ?? `${path.join('.')}${file === undefined ? '' : ` in ${file}`}`;
  const message = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
  const isPlain = value !== undefined && !isTree(value) && !Array.isArray(value);
  const isSecret = variable?.secret === true || path.some((key) => IS_SECRET.test(key)) || String(value).includes('://');
  const shown = isSecret || !isPlain ? '' : ` (it is ${JSON.stringify(value)})`;
  const text = value === undefined && issue.code === 'invalid_type' ? 'is missing' : message;
  return [`${where} ${text}${shown}`];
}

/**
 * The checked configuration.
 *
 * @param file - The file asked for; without it `OUTCRY_CONFIG`, then `outcry.config.json` in `cwd` where it exists.
 * Throws `ConfigError` (`OUTCRY_BAD_CONFIG`) naming every wrong value.
 */
export function loadConfig({
  file,
  env = process.env,
  cwd = process.cwd(),
}: { file?: string | undefined; env?: NodeJS.ProcessEnv; cwd?: string } = {}): LoadedConfig {
  const asked = file ?? env['OUTCRY_CONFIG'];
  const path = resolve(cwd, asked ?? DEFAULT_FILE);
  const used = asked !== undefined || existsSync(path) ? path : undefined;
  const { values, set } = readEnvironment(env);
  const tree = merge(used === undefined ? {} : readFile(used), values);
  const parsed = configSchema.safeParse(tree);
  if (!parsed.success) throw new ConfigError(parsed.error.issues.flatMap((issue) => problemOf(issue, tree, set, used)));
  const { data } = parsed;
  const problems = crossChecks(data);
  if (problems.length > 0) throw new ConfigError(problems);
  return { config: { ...data, data_dir: resolve(cwd, data.data_dir) }, file: used, ignored: unknownVariables(env) };
}

function crossChecks({ projects, analyzer, collector }: Config): string[] {
  const problems = analyzer.server_metrics.flatMap(({ project, host }, index) => {
    const named = projects[project];
    if (!named) return [`analyzer.server_metrics.${index}.project names "${project}", which is not among projects`];
    return named.hosts.includes(host) ? [] : [`analyzer.server_metrics.${index}.host "${host}" is not among the hosts of "${project}"`];
  });
  const tokens = analyzer.server_metrics.map((source) => source.bearer_token_file);
  for (const file of [collector.tls?.cert_file, collector.tls?.key_file, ...collector.key_files, ...tokens]) {
    if (file !== undefined && !existsSync(file)) problems.push(`the file ${file} does not exist`);
  }
  if (collector.tls && problems.length === 0) problems.push(...tlsProblems(collector.tls));
  return problems;
}

/** What is wrong with a certificate and its key, by their settings; never their content. */
function tlsProblems({ cert_file: certFile, key_file: keyFile }: NonNullable<Config['collector']['tls']>): string[] {
  const problemOf = (setting: string, file: string, use: (pem: string) => unknown): string[] => {
    try {
      use(readFileSync(file, 'utf8'));
      return [];
    } catch (error) {
      const { code, syscall } = error as NodeJS.ErrnoException;
      return [`${setting} ${file} ${syscall === undefined ? 'does not hold it in PEM' : `cannot be read (${code ?? 'unknown'})`}`];
    }
  };
  const single = [
    ...problemOf('collector.tls.cert_file', certFile, (cert) => createSecureContext({ cert })),
    ...problemOf('collector.tls.key_file', keyFile, (key) => createSecureContext({ key })),
  ];
  if (single.length > 0) return single;
  try {
    createSecureContext({ cert: readFileSync(certFile), key: readFileSync(keyFile) });
    return [];
  } catch {
    return [`collector.tls.key_file ${keyFile} is not the key of collector.tls.cert_file ${certFile}`];
  }
}
