/** `outcry config sign` and `outcry config show`: what every agent of a project is told, signed. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { faultOf, parseSignedConfig } from '@outcry/protocol';
import type { AgentConfig } from '@outcry/protocol';
import { configKeyFileOf, openConfig, signConfig } from '../agent-config.js';
import { COMMON_HELP, COMMON_OPTIONS, readArguments, UsageError, type Command, type Surroundings } from '../command.js';
import { loadForCommand } from '../load-for-command.js';
import { readKey } from '../recipient-keys.js';
import { agentConfigDirOf } from '../services/agent-config-dir.js';

const HOUR_S = 3_600;
/** Clocks of devices are wrong by minutes, so a configuration begins a little before it is made. */
const EARLIER_S = HOUR_S;

const OPTIONS = {
  ...COMMON_OPTIONS,
  project: { type: 'string' },
  version: { type: 'string' },
  from: { type: 'string' },
  hours: { type: 'string' },
  pause: { type: 'boolean' },
  reports: { type: 'string' },
  attempts: { type: 'string' },
  probes: { type: 'string' },
  collectors: { type: 'string' },
  'next-key': { type: 'string' },
  'next-key-from': { type: 'string' },
  key: { type: 'string' },
  out: { type: 'string' },
  json: { type: 'boolean' },
} as const;
type Values = ReturnType<typeof readArguments<typeof OPTIONS>>;

function secondsOf(option: string, text: string): number {
  const ms = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(ms)) throw new UsageError(`--${option} must be a time such as 2026-11-22T09:00:00Z`);
  return Math.floor(ms / 1_000);
}

function numberOf(option: string, text: string, min: number, max: number): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (!(value >= min && value <= max)) throw new UsageError(`--${option} must be ${min} to ${max}`);
  return value;
}

function ppmOf(option: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : Math.round(numberOf(option, text, 0, 1) * 1e6);
}

/** What the options say; throws `UsageError` for what agents would not take. */
function configOf(values: Values, nowS: number): AgentConfig {
  if (values.project === undefined) throw new UsageError('--project is missing');
  if ((values['next-key'] === undefined) !== (values['next-key-from'] === undefined))
    throw new UsageError('--next-key and --next-key-from belong together');
  const from = values.from === undefined ? nowS - EARLIER_S : secondsOf('from', values.from);
  const until = Math.round((values.from === undefined ? nowS : from) + numberOf('hours', values.hours ?? '72', 0.1, 168) * HOUR_S);
  const given = {
    format: 1 as const,
    project: values.project,
    version: values.version === undefined ? nowS : numberOf('version', values.version, 1, 4_294_967_295),
    not_before: from,
    not_after: Math.min(until, from + 168 * HOUR_S),
    paused: values.pause,
    reports_ppm: ppmOf('reports', values.reports),
    attempts_ppm: ppmOf('attempts', values.attempts),
    probes_ppm: ppmOf('probes', values.probes),
    collectors: values.collectors?.split(',').map((origin) => origin.trim()),
    next_key:
      values['next-key'] === undefined
        ? undefined
        : { key: values['next-key'], from: secondsOf('next-key-from', values['next-key-from'] ?? '') },
  };
  const config = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as unknown as AgentConfig;
  const fault = faultOf(config);
  if (fault !== undefined) throw new UsageError(`--${fault.replace(/_ppm$/, '').replaceAll('_', '-')} is not what agents take`);
  return config;
}

/** Written beside and renamed, since a collector may be reading. */
function replaceFile(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

function sign(values: Values, around: Surroundings): number {
  const config = configOf(values, Math.floor(Date.now() / 1_000));
  const settings = values.key !== undefined && values.out !== undefined ? undefined : loadForCommand(values, around).config;
  const dataDir = settings?.data_dir ?? '';
  const key = readKey(values.key === undefined ? configKeyFileOf(dataDir) : resolve(around.cwd, values.key));
  const file =
    values.out === undefined && settings
      ? join(agentConfigDirOf(settings), `${config.project}.json`)
      : resolve(around.cwd, values.out ?? '');
  const document = signConfig(config, key);
  try {
    replaceFile(file, `${JSON.stringify(document)}\n`);
  } catch (error) {
    around.err(`outcry: ${file} cannot be written (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
    return 1;
  }
  if (values.json) around.out(JSON.stringify({ file, config }));
  else {
    around.out(`version ${config.version} of ${config.project}, until ${new Date(config.not_after * 1_000).toISOString()}`);
    around.out(`for every collector of the project: ${file}`);
  }
  return 0;
}

function show(args: readonly string[], around: Surroundings): number {
  const values = readArguments(args, { ...COMMON_OPTIONS, file: { type: 'string' }, key: { type: 'string' }, json: { type: 'boolean' } });
  if (values.file === undefined) throw new UsageError('--file is missing');
  const file = resolve(around.cwd, values.file);
  let document: string;
  try {
    document = readFileSync(file, 'utf8');
  } catch (error) {
    around.err(`outcry: ${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
    return 1;
  }
  const config = values.key === undefined ? parseSignedConfig(document)?.config : openConfig(document, values.key);
  if (!config) {
    around.err(`outcry: ${file} is no signed configuration${values.key === undefined ? '' : ' of this key'}`);
    return 1;
  }
  if (values.json) around.out(JSON.stringify(config));
  else
    for (const [name, value] of Object.entries(config))
      around.out(`${name.padEnd(14)} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`);
  return 0;
}

export const config: Command = {
  name: 'config',
  summary: 'sign what agents are told from afar: shares, a pause, collectors, the next key',
  help: `outcry config sign --project NAME [options]
outcry config show --file FILE [--key PUBLIC_KEY] [--json]

Signs a configuration that every agent of the project takes, at most an hour or two after its collectors serve it. It can only
ask for less than the app allows, and never names a receiver that the app does not name itself. What is left out stays as
the app has it. Each new one replaces the one before; when its time is over, everything is as the app has it again.

  --project NAME         the project
  --hours N              how long it holds from now on, 0.1 to 168 (default 72)
  --from TIME            when it begins (default: an hour ago, since clocks of devices are wrong); holds N hours from then
  --version N            must grow with every one (default: the present second)
  --pause                record and send nothing
  --reports SHARE        the most of the failures that are reported, 0 to 1
  --attempts SHARE       the most of the devices that tell their attempts, 0 to 1
  --probes SHARE         the share of rounds of questions after failures, 0 to 1
  --collectors LIST      origins in the order to be asked, with commas; collectors of the app that are not named are left out
  --next-key KEY         seal for this recipient key (outcry keygen) …
  --next-key-from TIME   … from then on
  --key FILE             the signing key of outcry keygen --config-key (default: config-key.json in the data directory);
                         with show: the public key, to verify with
  --out FILE             where to write it (default: where the collectors of this configuration look)
  --file FILE            what to show
  --json                 print the result as JSON
${COMMON_HELP}`,
  async run([action, ...args], around) {
    if (action === 'sign') return Promise.resolve(sign(readArguments(args, OPTIONS), around));
    if (action === 'show') return Promise.resolve(show(args, around));
    if (action?.startsWith('-')) readArguments([action, ...args], OPTIONS);
    throw new UsageError('say sign or show');
  },
};
