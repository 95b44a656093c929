import { createWriteStream } from 'node:fs';
import { resolve } from 'node:path';
import { once } from 'node:events';
import type { FailuresRow } from '@outcry/analyzer';
import { COMMON_HELP, COMMON_OPTIONS, readArguments, UsageError, type Command } from '../command.js';
import { loadForCommand } from '../load-for-command.js';
import { largestNetworks } from '../simulator/networks.js';
import { SCRIPT_NAMES } from '../simulator/scripts.js';
import { simulate as simulateWorld, WORLD_SIZE } from '../simulator/simulate.js';
import { BREAKABLE } from '../simulator/world.js';
import type { Broken } from '../simulator/world.js';
import { printSent, receiversOf, sendWorld, urlOf } from './simulate-send.js';

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
/** Collectors take no event older than 8 days. */
const MOST_DAYS_SENT = 7;

export const simulate: Command = {
  name: 'simulate',
  summary: 'write the history of a simulated world with incidents, as NDJSON',
  help: `outcry simulate [--out FILE] [--seed N] [--days N] [--incidents N] [--scripts A,B] [--projects N] [--hosts N] [--broken NAME]
outcry simulate --send [--collector URL …] [--recipient-key KEY] [--analyzer URL] [--rate N] [--live HOURS | --speed N] [--truth FILE] [--json]
                [--seed N …]

Writes what would have arrived from a world of real networks, one JSON object a line, and at the end what truly happened.
The same seed and options give the same bytes. Rows: docs/reference/analyzer.md. For outcry backtest.

With --send it seals and signs every report and every count of requests as an agent would, each with a key of its own, and sends them to
collectors: the end of the world is now; with --live its last hours happen as time passes; with --speed its beginning is now. A collector that
trusts this machine as a proxy (trust_proxy) labels each client by its simulated network and sees it in its own address prefix; any other sees
one network and limits it. With --analyzer, what the servers counted is pushed there: its server_metrics need an entry for each host with
"push_labels": { "host": "…" }. Prints how many were taken and the codes of problems; ends with 1 when not all were taken. To rehearse on a
collector of yours, never on one of others.

  --out FILE        where to write it (default: standard output)
  --seed N          0 to 2147483647 (default: 1)
  --days N          simulated days, 0.1 to 366 (default: 1)
  --incidents N     0 to 10000 (default: one of each script)
  --scripts A,B     draw from these only: ${SCRIPT_NAMES.slice(0, 5).join(', ')},
                    ${SCRIPT_NAMES.slice(5, 11).join(', ')},
                    ${SCRIPT_NAMES.slice(11).join(', ')}
  --projects N      1 to 8 (default: 5)
  --hosts N         hosts of each project, 1 to 100 (default: 10)
  --broken NAME     break one assumption of the quiet world:
                    ${Object.entries(BREAKABLE)
                      .map(([name, what]) => `${name}: ${what}`)
                      .join('\n                    ')}
  --send            send to collectors instead of writing rows; at most 7 days
  --collector URL   where to, may be given more than once (default: the collector of the settings, where that is on this machine)
  --recipient-key K the collectors' public key (default: the key of the settings or of the data directory)
  --rate N          uploads a second at most, 0.1 to 10000 (default: 200)
  --analyzer URL    push what the servers of the world counted to this analyzer (default: they tell nothing)
  --live HOURS      play the last hours of the world as time passes, after what came before at once, 0.1 to 24
  --speed N         play the world N times as fast as time, 0.1 to 10000 (default: as fast as the rate allows, ending now)
  --truth FILE      write what truly happened, in the time that was told, as NDJSON: for outcry backtest --from … --truth
  --json            print the result as JSON
${COMMON_HELP}`,
  async run(args, around) {
    const text = { type: 'string' } as const;
    const flag = { type: 'boolean' } as const;
    const values = readArguments(args, {
      ...COMMON_OPTIONS, out: text, seed: text, days: text, incidents: text, scripts: text, projects: text, hosts: text, broken: text,
      send: flag, collector: { ...text, multiple: true }, 'recipient-key': text, rate: text, speed: text, live: text, analyzer: text, truth: text, json: flag,
    }); // prettier-ignore
    const isSent = values.send === true;
    const sendOnly = ['collector', 'recipient-key', 'analyzer', 'rate', 'live', 'speed', 'truth', 'json'] as const;
    const lone = isSent ? (values.out === undefined ? undefined : 'out') : sendOnly.find((name) => values[name] !== undefined);
    if (lone !== undefined) throw new UsageError(`--${lone} ${isSent ? 'does not go' : 'goes'} with --send`);
    const scripts = values.scripts?.split(',') ?? SCRIPT_NAMES;
    if (values.broken !== undefined && !Object.hasOwn(BREAKABLE, values.broken)) {
      throw new UsageError(`--broken names no assumption "${values.broken}"`);
    }
    const unknown = scripts.find((name) => !SCRIPT_NAMES.includes(name));
    if (unknown !== undefined) throw new UsageError(`--scripts names no script "${unknown}"`);
    const seed = wholeOf('seed', values.seed ?? '1', 0, 2 ** 31 - 1);
    if (values.live !== undefined && values.speed !== undefined) throw new UsageError('give either --live or --speed');
    const sending = {
      collectors: values.collector ?? [],
      recipientKey: values['recipient-key'],
      ratePerS: numberOf('rate', values.rate ?? '200', 0.1, 10_000),
      speed: values.speed === undefined ? undefined : numberOf('speed', values.speed, 0.1, 10_000),
      liveS: values.live === undefined ? undefined : numberOf('live', values.live, 0.1, 24) * 3_600,
      analyzer: values.analyzer === undefined ? undefined : urlOf('analyzer', values.analyzer),
      truthFile: values.truth === undefined ? undefined : resolve(around.cwd, values.truth),
    };
    const receivers = isSent ? receiversOf(sending, loadForCommand(values, around).config) : undefined;
    const sources = new WeakMap<FailuresRow, string>();
    const rows = await simulateWorld({
      seed,
      days: numberOf('days', values.days ?? '1', 0.1, isSent ? MOST_DAYS_SENT : 366),
      incidents: wholeOf('incidents', values.incidents ?? String(scripts.length), 0, 10_000),
      projects: wholeOf('projects', values.projects ?? '5', 1, 8),
      hosts: wholeOf('hosts', values.hosts ?? '10', 1, 100),
      scripts,
      ...(values.broken !== undefined && { broken: values.broken as Broken }),
      ...(receivers !== undefined && { tell: (row: FailuresRow, source: string) => sources.set(row, source) }),
    });
    if (receivers !== undefined) {
      const sourceOf = (row: FailuresRow): string | undefined => sources.get(row);
      const world = { rows, networks: await largestNetworks(...WORLD_SIZE), seed, sourceOf };
      return printSent(await sendWorld(world, sending, receivers), values.json === true, around);
    }
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
