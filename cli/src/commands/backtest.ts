import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { backtest as replay, parseRow, type HistoryRow } from '@outcry/analyzer';
import { COMMON_HELP, COMMON_OPTIONS, readArguments, UsageError, type Command } from '../command.js';

class UnreadableLine extends Error {}

async function* rowsOf(file: string): AsyncGenerator<HistoryRow> {
  let line = 0;
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    line++;
    if (text === '') continue;
    const row = parseRow(text);
    if (row === undefined) throw new UnreadableLine(`line ${String(line)} of ${file} is no row of a history`);
    if (line === 1 && row.row !== 'world') throw new UnreadableLine(`${file} does not begin with a "world" row`);
    yield row;
  }
  if (line === 0) throw new UnreadableLine(`${file} is empty`);
}

export const backtest: Command = {
  name: 'backtest',
  summary: 'replay history through the detector and print the spikes, and how right they were',
  help: `outcry backtest --in FILE [--false-alarms N]

Reads a history as outcry simulate writes it, replays it through the analyzer under a virtual clock without looking ahead, and prints
{ spikes, scores, rows } as JSON. Where the history holds incidents, scores compares the detector with two simple ones:
precision, recall, delay, false alarms a week, places, verdicts. Meaning: docs/reference/analyzer.md.

  --in FILE         the history, NDJSON
  --false-alarms N  spikes a week allowed by chance, 0.001 to 1000 (default: 1)
${COMMON_HELP}`,
  async run(args, around) {
    const values = readArguments(args, { ...COMMON_OPTIONS, in: { type: 'string' }, 'false-alarms': { type: 'string' } });
    if (values.in === undefined) throw new UsageError('--in must name a file');
    const falseAlarmsPerWeek = Number(values['false-alarms'] ?? '1');
    if (!(falseAlarmsPerWeek >= 0.001 && falseAlarmsPerWeek <= 1000)) {
      throw new UsageError(`--false-alarms must be a number between 0.001 and 1000 (it is "${values['false-alarms'] ?? ''}")`);
    }
    const file = resolve(around.cwd, values.in);
    try {
      around.out(JSON.stringify(await replay(rowsOf(file), { falseAlarmsPerWeek }), undefined, 2));
      return 0;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (error instanceof UnreadableLine) around.err(`outcry: ${error.message}`);
      else if (code !== undefined) around.err(`outcry: ${file} cannot be read (${code})`);
      else throw error;
      return 1;
    }
  },
};
