/** What the lab is asked for, read where no private world is needed: help, lists and saved runs are answered here. */
import { parseArgs } from 'node:util';
import { WEBKIT_PROGRAMS, findProgram } from '../../scripts/programs.mjs';
import { wordsOf } from './conditions.js';
import type { Conditions } from './conditions.js';
import { ENGINES, clientsOf } from './engine.js';
import type { Client, Engine } from './engine.js';
import type { Fault } from './fault.js';
import { FAULTS } from './faults.js';
import { figuresOf, print } from './goals.js';
import { LEGEND, table } from './matrix.js';
import { LANDMARKS } from './places.js';
import type { Landmarks } from './places.js';
import { readRun, together } from './saved.js';
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

export function printRun({ conditions, rows }: Run, withTable: boolean): void {
  console.log(`${rows.length} requests; ${wordsOf(conditions)}`);
  if (withTable) console.log(`\n${table(rows)}\n\n${LEGEND}\n`);
  for (const figure of figuresOf(rows, conditions)) console.log(print(figure));
}

/** A number within bounds, or undefined. */
function numberOf(text: string, min: number, max: number): number | undefined {
  const value = Number(text);
  return text !== '' && value >= min && value <= max ? value : undefined;
}

/** What is to run. */
export interface Asked {
  readonly conditions: Conditions;
  readonly faults: readonly Fault[];
  readonly clients: readonly Client[];
  readonly repeat: number;
  readonly worlds: number;
  readonly alone: boolean;
  readonly nel: boolean;
  readonly json: boolean;
  /** All faults, not those that were named. */
  readonly isWhole: boolean;
}

const OPTIONS = {
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
  json: { type: 'boolean', default: false },
  from: { type: 'string', multiple: true },
  list: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

const refuse = (why: string): 2 => {
  console.error(`npm run lab: ${why}\n${USAGE}\nfaults: ${FAULTS.map(({ name }) => name).join(' ')}`);
  return 2;
};

/**
 * Reads the arguments, and answers at once what needs no run.
 *
 * @returns What is to run; else the exit code: 0 when it was answered, 1 for a file that cannot be read, 2 for wrong arguments, with a line
 * about them on standard error.
 */
export function readOptions(args: readonly string[]): Asked | number {
  let values: ReturnType<typeof parseArgs<{ options: typeof OPTIONS; allowNegative: true }>>['values'];
  try {
    ({ values } = parseArgs({ args: [...args], allowNegative: true, options: OPTIONS }));
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const faults = choose<Fault>(FAULTS, values.fault, ({ name }) => name);
  const here = ENGINES.filter((engine) => engine !== 'webkit' || WEBKIT_PROGRAMS.every(({ name }) => findProgram(name)));
  const engines = values.engine ? choose<Engine>(ENGINES, values.engine, (engine) => engine) : here;
  const levels = choose<Landmarks>(LEVELS, values.landmarks, (level) => level);
  const rttMs = numberOf(values.rtt, 0, 5_000);
  const lossPercent = numberOf(values.loss, 0, 90);
  const repeat = numberOf(values.repeat, 1, 10_000);
  const worlds = numberOf(values.worlds, 1, 16);
  if (!faults) return refuse('--fault names no fault');
  if (!engines) return refuse('--engine names no engine');
  if (!levels) return refuse('--landmarks names no level');
  if (rttMs === undefined) return refuse('--rtt must be 0 to 5000');
  if (lossPercent === undefined) return refuse('--loss must be 0 to 90');
  if (repeat === undefined) return refuse('--repeat must be 1 to 10000');
  if (worlds === undefined) return refuse('--worlds must be 1 to 16');
  const clients = clientsOf(engines, levels);
  if (clients.length === 0) return refuse('these engines know none of these landmarks');
  if (values.list) {
    for (const { name, words } of faults) console.log(`${name.padEnd(20)} ${words}`);
    return 0;
  }
  if (values.from) {
    try {
      for (const [index, run] of together(values.from.map(readRun)).entries()) printRun(run, index === 0);
      return 0;
    } catch (error) {
      console.error(`npm run lab: --from: ${error instanceof Error ? error.message : String(error)}`);
      return 1;
    }
  }
  const { tao, 'rtt-elsewhere': rttElsewhere, load, alone, json } = values;
  const isWhole = !values.fault;
  const conditions: Conditions = { tao, rttMs, rttElsewhere, lossPercent, load };
  return { conditions, faults, clients, repeat, worlds, alone, nel: values.nel ?? isWhole, json, isWhole };
}

/** What is said without a run. @returns The exit code; undefined when something is to run. */
export function answer(args: readonly string[]): number | undefined {
  const asked = readOptions(args);
  return typeof asked === 'number' ? asked : undefined;
}
