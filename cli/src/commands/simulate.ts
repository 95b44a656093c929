import { createWriteStream } from 'node:fs';
import { resolve } from 'node:path';
import { once } from 'node:events';
import { COMMON_HELP, COMMON_OPTIONS, readArguments, UsageError, type Command } from '../command.js';
import { SCRIPT_NAMES } from '../simulator/scripts.js';
import { simulate as simulateWorld } from '../simulator/simulate.js';

const numberOf = (name: string, text: string, low: number, high: number): number => {
  const value = Number(text);
  if (text !== '' && Number.isFinite(value) && value >= low && value <= high) return value;
  throw new UsageError(`--${name} must be a number between ${String(low)} and ${String(high)} (it is "${text}")`);
};
const wholeOf = (name: string, text: string, low: number, high: number): number => {
  const value = numberOf(name, text, low, high);
  if (Number.isInteger(value)) return value;
  throw new UsageError(`--${name} must be a whole number (it is "${text}")`);
};
const CHUNK_CHARACTERS = 1 << 16;

export const simulate: Command = {
  name: 'simulate',
  summary: 'write the history of a simulated world with incidents, as NDJSON',
  help: `outcry simulate [--out FILE] [--seed N] [--days N] [--incidents N] [--scripts A,B] [--projects N] [--hosts N]

Writes what would have arrived from a world of real networks, one JSON object a line, and at the end what truly happened.
The same seed and options give the same bytes. Rows: docs/reference/analyzer.md. For outcry backtest.

  --out FILE        where to write it (default: standard output)
  --seed N          0 to 2147483647 (default: 1)
  --days N          simulated days, 0.1 to 366 (default: 1)
  --incidents N     0 to 10000 (default: one of each script)
  --scripts A,B     draw from these only: ${SCRIPT_NAMES.slice(0, 5).join(', ')},
                    ${SCRIPT_NAMES.slice(5, 11).join(', ')},
                    ${SCRIPT_NAMES.slice(11).join(', ')}
  --projects N      1 to 8 (default: 5)
  --hosts N         hosts of each project, 1 to 100 (default: 10)
${COMMON_HELP}`,
  async run(args, around) {
    const text = { type: 'string' } as const;
    const values = readArguments(args, {
      ...COMMON_OPTIONS, out: text, seed: text, days: text, incidents: text, scripts: text, projects: text, hosts: text,
    }); // prettier-ignore
    const scripts = values.scripts?.split(',') ?? SCRIPT_NAMES;
    const unknown = scripts.find((name) => !SCRIPT_NAMES.includes(name));
    if (unknown !== undefined) throw new UsageError(`--scripts names no script "${unknown}"`);
    const rows = await simulateWorld({
      seed: wholeOf('seed', values.seed ?? '1', 0, 2 ** 31 - 1),
      days: numberOf('days', values.days ?? '1', 0.1, 366),
      incidents: wholeOf('incidents', values.incidents ?? String(scripts.length), 0, 10_000),
      projects: wholeOf('projects', values.projects ?? '5', 1, 8),
      hosts: wholeOf('hosts', values.hosts ?? '10', 1, 100),
      scripts,
    });
    if (values.out === undefined) {
      for (const row of rows) around.out(JSON.stringify(row));
      return 0;
    }
    const file = resolve(around.cwd, values.out);
    const stream = createWriteStream(file);
    let chunk = '';
    try {
      await once(stream, 'open');
      for (const row of rows) {
        chunk += `${JSON.stringify(row)}\n`;
        if (chunk.length < CHUNK_CHARACTERS) continue;
        if (!stream.write(chunk)) await once(stream, 'drain');
        chunk = '';
      }
      stream.end(chunk);
      await once(stream, 'finish');
      return 0;
    } catch (error) {
      around.err(`outcry: ${file} cannot be written (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
      return 1;
    }
  },
};
