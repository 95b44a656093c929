/** The lab's command line, inside the private world. */
import { parseArgs } from 'node:util';
import { WEBKIT_PROGRAMS, findProgram } from '../../scripts/programs.mjs';
import { wordsOf } from './conditions.js';
import type { Conditions } from './conditions.js';
import { ENGINES, clientsOf } from './engine.js';
import type { Engine } from './engine.js';
import type { Fault } from './fault.js';
import { FAULTS } from './faults.js';
import { figuresOf, print } from './goals.js';
import { LEGEND, labelOf, show, table } from './matrix.js';
import { LANDMARKS } from './places.js';
import type { Landmarks } from './places.js';
import { runPlan } from './runs.js';
import { readRun, toJson, together } from './saved.js';
import type { Run } from './saved.js';

const LEVELS = Object.keys(LANDMARKS) as Landmarks[];
const USAGE = `npm run lab -- [options]
  --fault NAME        only this fault; may be repeated
  --engine NAME       ${ENGINES.join(', ')}; may be repeated;
                      default all, webkit where it is installed or can be
  --landmarks LEVEL   ${LEVELS.join(', ')}: what pages know of the service; may be repeated
  --no-tao            the service sends no Timing-Allow-Origin
  --rtt MS            round-trip time of the way to the service, 0 to 5000; default 0, as fast as it goes
  --rtt-elsewhere     the way to pages, collectors and witnesses takes as long
  --loss PERCENT      packets lost by chance, each way, 0 to 90
  --load              all cores are kept busy besides
  --repeat N          each request N times
  --worlds N          worlds side by side for faults that only wait; default 4
  --alone             all others one after another: slower, and no client disturbs another's times
  --nel               waits for what Chromium itself reports, a minute; on for the whole matrix
  --json              rows for programs
  --from FILE         prints what --json printed before; may be repeated, runs of the same conditions are taken together
  --list              names of the faults`;

function choose<T>(all: readonly T[], names: readonly string[] | undefined, nameOf: (one: T) => string): readonly T[] | undefined {
  if (!names?.length) return all;
  const chosen = all.filter((one) => names.includes(nameOf(one)));
  return chosen.length === new Set(names).size ? chosen : undefined;
}

function printRun({ conditions, rows }: Run, withTable: boolean): void {
  console.log(`${rows.length} requests; ${wordsOf(conditions)}`);
  if (withTable) console.log(`\n${table(rows)}\n\n${LEGEND}\n`);
  for (const figure of figuresOf(rows, conditions)) console.log(print(figure));
}

/** A number within bounds, or undefined. */
function numberOf(text: string, min: number, max: number): number | undefined {
  const value = Number(text);
  return text !== '' && value >= min && value <= max ? value : undefined;
}

/**
 * Runs what the arguments ask for and prints it.
 *
 * @returns The exit code: 0 when every fault could be made, whatever the diagnoses; 1 when one could not; 2 for wrong arguments.
 */
export async function main(args: readonly string[], { root }: { readonly root: string }): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      fault: { type: 'string', multiple: true },
      engine: { type: 'string', multiple: true },
      landmarks: { type: 'string', multiple: true },
      tao: { type: 'boolean', default: true },
      rtt: { type: 'string', default: '0' },
      'rtt-elsewhere': { type: 'boolean', default: false },
      loss: { type: 'string', default: '0' },
      load: { type: 'boolean', default: false },
      repeat: { type: 'string', default: '1' },
      worlds: { type: 'string', default: '4' },
      alone: { type: 'boolean', default: false },
      nel: { type: 'boolean' },
      json: { type: 'boolean' },
      from: { type: 'string', multiple: true },
      list: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  const faults = choose<Fault>(FAULTS, values.fault, ({ name }) => name);
  const here = ENGINES.filter((engine) => engine !== 'webkit' || WEBKIT_PROGRAMS.every(({ name }) => findProgram(name)));
  const engines = values.engine ? choose<Engine>(ENGINES, values.engine, (engine) => engine) : here;
  const levels = choose<Landmarks>(LEVELS, values.landmarks, (level) => level);
  const rttMs = numberOf(values.rtt, 0, 5_000);
  const lossPercent = numberOf(values.loss, 0, 90);
  const repeat = numberOf(values.repeat, 1, 10_000);
  const worlds = numberOf(values.worlds, 1, 16);
  const clients = clientsOf(engines ?? [], levels ?? []);
  const isRight = clients.length > 0 && rttMs !== undefined && lossPercent !== undefined && repeat !== undefined && worlds !== undefined;
  if (values.help || !faults || !engines || !levels || !isRight) {
    console.error(`${USAGE}\nfaults: ${FAULTS.map(({ name }) => name).join(' ')}`);
    return values.help ? 0 : 2;
  }
  if (values.list) {
    for (const { name, words } of faults) console.log(`${name.padEnd(20)} ${words}`);
    return 0;
  }
  if (values.from) {
    for (const [index, run] of together(values.from.map(readRun)).entries()) printRun(run, index === 0);
    return 0;
  }

  const isWhole = !values.fault;
  const conditions: Conditions = { tao: values.tao, rttMs, rttElsewhere: values['rtt-elsewhere'], lossPercent, load: values.load };
  const { rows, unmade } = await runPlan({
    root,
    conditions,
    faults,
    clients,
    repeat,
    worlds,
    alone: values.alone,
    nel: values.nel ?? isWhole,
    onRow: ({ fault, client, judged }) => console.error(`${fault.name}, ${labelOf(client)}: ${judged.kind}`),
  });
  const runs = together([{ conditions, rows }]);
  for (const run of runs) {
    if (values.json) console.log(toJson(run));
    else {
      if (!isWhole && repeat === 1) for (const row of run.rows) console.log(show(row));
      printRun(run, isWhole || repeat > 1);
    }
  }
  if (unmade.length === 0) return 0;
  console.error(`could not be made: ${unmade.join(', ')}`);
  return 1;
}
