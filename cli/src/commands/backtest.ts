import { createReadStream, existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { asOf, backtest as replay, parseRow, storedHistory, type HistoryRow, type IncidentRow, type ReplayOptions } from '@outcry/analyzer';
import { createStorageClient, refreshRollups } from '@outcry/storage';
import { COMMON_HELP, COMMON_OPTIONS, readArguments, UsageError, type Command } from '../command.js';
import type { Config } from '../config/schema.js';
import { loadForCommand } from '../load-for-command.js';
import { configuredConnection, connectionFile, engineDir, findStorage, openStorage, type Storage } from '../services/storage.js';
import { backtestWords } from './backtest-words.js';

class UnreadableLine extends Error {}

async function* rowsOf(file: string): AsyncGenerator<HistoryRow> {
  let line = 0;
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    line++;
    if (text === '') continue;
    const row = parseRow(text);
    if (row === undefined) throw new UnreadableLine(`line ${String(line)} of ${file} is no row of a history`);
    yield row;
  }
}

async function* historyOf(file: string): AsyncGenerator<HistoryRow> {
  let isEmpty = true;
  for await (const row of rowsOf(file)) {
    if (isEmpty && row.row !== 'world') throw new UnreadableLine(`${file} does not begin with a "world" row`);
    isEmpty = false;
    yield row;
  }
  if (isEmpty) throw new UnreadableLine(`${file} is empty`);
}

/** What truly happened, out of a history or a file of its own; other lines are left out. */
async function incidentsOf(file: string): Promise<IncidentRow[]> {
  const incidents: IncidentRow[] = [];
  for await (const row of rowsOf(file)) if (row.row === 'incident') incidents.push(row);
  return incidents;
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;
function timeOf(name: string, text: string): number {
  const ms = TIME.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(ms)) throw new UsageError(`--${name} must be a time in RFC 3339, such as 2026-01-05T14:20:00Z (it is "${text}")`);
  return ms;
}

const MAX_SPAN_MS = 366 * 86_400_000;
/** Rounds lie on whole multiples of this. */
const GRID_MS = 10_000;

/** The span that is to be replayed from storage. */
function spanOf(from: string, to: string | undefined): { fromMs: number; toMs: number } {
  const fromMs = Math.floor(timeOf('from', from) / GRID_MS) * GRID_MS;
  const toMs = to === undefined ? Date.now() : timeOf('to', to);
  if (fromMs >= toMs || toMs - fromMs > MAX_SPAN_MS) throw new UsageError('--from must lie before --to, by at most 366 days');
  return { fromMs, toMs };
}

/** The projects of production and their hosts, all or the one that is asked for. */
function productionOf({ projects }: Config, only: string | undefined): Record<string, readonly string[]> {
  const production = Object.entries(projects).filter(([name, { stage }]) => stage === 'production' && (only ?? name) === name);
  if (production.length === 0)
    throw new UsageError(`--project must name a production project${only === undefined ? '' : ` (it is "${only}")`}`);
  return Object.fromEntries(production.map(([name, { hosts }]) => [name, hosts]));
}

/** Storage that runs already, or else the embedded engine of the data directory, opened for this. */
async function openedStorage(config: Config, err: (line: string) => void): Promise<Pick<Storage, 'client' | 'close'>> {
  if (configuredConnection(config) === undefined && !existsSync(connectionFile(config.data_dir)) && existsSync(engineDir(config.data_dir)))
    return openStorage(config, { log: err });
  const client = createStorageClient(findStorage(config));
  return { client, close: () => client.close() };
}

async function* withIncidents(rows: AsyncIterable<HistoryRow>, truth: readonly IncidentRow[]): AsyncGenerator<HistoryRow> {
  yield* rows;
  yield* truth;
}

export const backtest: Command = {
  name: 'backtest',
  summary: 'replay history through the detector and print the spikes, and how right they were',
  help: `outcry backtest --in FILE [--truth FILE] [--false-alarms N] [--json | --text]
outcry backtest --from TIME [--to TIME] [--project NAME] [--truth FILE] [--false-alarms N] [--json | --text]

Replays a history through the analyzer under a virtual clock without looking ahead, and prints { spikes, scores, rows } as JSON. The history
is a file as outcry simulate writes it, or what storage holds: then every row is known from the moment when storage had it, and the 14 days
before --from are learnt from. Where incidents are told, scores compares the detector with two simple ones: precision, recall, delay,
false alarms a week, places, verdicts. Meaning: docs/reference/analyzer.md.

  --in FILE         the history, NDJSON
  --from TIME       replay from storage, from this time on, RFC 3339; of a running serve, demo or storage, of the server that storage.url
                    names, or of the engine in the data directory
  --to TIME         until then, at most 366 days later (default: now)
  --project NAME    only this project, which changes how many false alarms are allowed (default: all of production)
  --truth FILE      what truly happened: NDJSON with "incident" rows, read first; those of hosts or times that are not replayed do not count
  --false-alarms N  spikes a week allowed by chance, 0.001 to 1000 (default: 1; serve takes analyzer.false_alarms_per_week)
  --json            all of it as JSON (the default)
  --text            a line a spike, and the figures of the three detectors, to be read
${COMMON_HELP}`,
  async run(args, around) {
    const text = { type: 'string' } as const;
    const values = readArguments(args, {
      ...COMMON_OPTIONS, in: text, from: text, to: text, project: text, truth: text, 'false-alarms': text,
      json: { type: 'boolean' }, text: { type: 'boolean' },
    }); // prettier-ignore
    if ((values.in === undefined) === (values.from === undefined))
      throw new UsageError('give either --in with a file or --from with a time');
    if (values.json === true && values.text === true) throw new UsageError('give either --json or --text');
    if (values.in !== undefined && (values.to !== undefined || values.project !== undefined))
      throw new UsageError('--to and --project go with --from');
    const falseAlarmsPerWeek = Number(values['false-alarms'] ?? '1');
    if (!(falseAlarmsPerWeek >= 0.001 && falseAlarmsPerWeek <= 1000)) {
      throw new UsageError(`--false-alarms must be a number between 0.001 and 1000 (it is "${values['false-alarms'] ?? ''}")`);
    }
    const print = async (rows: AsyncIterable<HistoryRow>, truth: readonly IncidentRow[], options: ReplayOptions = {}): Promise<void> => {
      const result = await replay(withIncidents(rows, truth), { falseAlarmsPerWeek, ...options });
      if (values.text === true) backtestWords(result).forEach((line) => around.out(line));
      else around.out(JSON.stringify(result, undefined, 2));
    };
    try {
      // First of all: a replay may take hours, and a wrong name is told now.
      const truth = values.truth === undefined ? [] : await incidentsOf(resolve(around.cwd, values.truth));
      if (values.in !== undefined) {
        await print(historyOf(resolve(around.cwd, values.in)), truth);
        return 0;
      }
      const span = spanOf(values.from ?? '', values.to);
      const { config } = loadForCommand(values, around);
      const projects = productionOf(config, values.project);
      const measured = new Set(config.analyzer.server_metrics.map(({ project, host }) => `${project} ${host}`));
      const { client, close } = await openedStorage(config, around.err);
      try {
        await refreshRollups(client, { nowMs: Date.now() });
        await print(storedHistory(client, { projects, ...span }), truth, {
          evidence: (nowS) => asOf(client, nowS),
          measured: (project, host) => measured.has(`${project} ${host}`),
        });
      } finally {
        await close();
      }
      return 0;
    } catch (error) {
      const { code, path } = error as NodeJS.ErrnoException;
      if (error instanceof UnreadableLine) around.err(`outcry: ${error.message}`);
      else if (code !== undefined && path !== undefined) around.err(`outcry: ${path} cannot be read (${code})`);
      else throw error;
      return 1;
    }
  },
};
