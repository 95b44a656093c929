/** The lab's command line, inside the private world. */
import { parseArgs } from 'node:util';
import { ENGINES } from './engine.js';
import type { Engine } from './engine.js';
import { FAULTS } from './faults.js';
import type { Fault } from './faults.js';
import { judge } from './judge.js';
import { plain, summary, table } from './matrix.js';
import type { Row } from './matrix.js';
import { makeWorld } from './world.js';

const USAGE = `npm run lab -- [--fault NAME]... [--engine ${ENGINES.join('|')}]... [--json] [--list]`;

function choose<T>(all: readonly T[], names: readonly string[] | undefined, nameOf: (one: T) => string): readonly T[] | undefined {
  if (!names?.length) return all;
  const chosen = all.filter((one) => names.includes(nameOf(one)));
  return chosen.length === new Set(names).size ? chosen : undefined;
}

function show({ fault, engine, seen, judged }: Row): string {
  const { truth } = fault;
  const said = seen.diagnosis;
  return [
    `${fault.name} (${fault.words}), ${engine}`,
    `  truth      ${truth ? `${truth.kind}: ${truth.type}, ${truth.phase}, stage ${truth.stage}` : 'nothing to report'}`,
    `  the app    ${seen.app} after ${seen.requestMs} ms`,
    `  diagnosis  ${said ? `${said.kind}: ${said.type}, ${said.phase}, confidence ${said.confidence}, ${seen.diagnosisMs ?? 0} ms later` : 'none'}`,
    ...seen.evidence.map((words) => `  evidence   ${words}`),
    `  grade      kind ${judged.kind}, type ${judged.type}`,
  ].join('\n');
}

/**
 * Runs what the arguments ask for and prints it.
 *
 * @returns The exit code: 0 when every fault could be made, whatever the diagnoses; 2 for wrong arguments.
 */
export async function main(args: readonly string[], { root }: { readonly root: string }): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      fault: { type: 'string', multiple: true },
      engine: { type: 'string', multiple: true },
      json: { type: 'boolean' },
      list: { type: 'boolean' },
    },
  });
  const faults = choose<Fault>(FAULTS, values.fault, ({ name }) => name);
  const engines = choose<Engine>(ENGINES, values.engine, (engine) => engine);
  if (!faults || !engines) {
    console.error(`${USAGE}\nfaults: ${FAULTS.map(({ name }) => name).join(' ')}`);
    return 2;
  }
  if (values.list) {
    for (const { name, words } of faults) console.log(`${name.padEnd(20)} ${words}`);
    return 0;
  }

  const world = await makeWorld(root);
  const rows: Row[] = [];
  for (const fault of faults) {
    const able = engines.filter((engine) => fault.engines.includes(engine));
    const results = able.length ? await world.suffer(fault, able) : [];
    for (const { engine, seen } of results) {
      const row = { fault, engine, seen, judged: judge(fault, seen.diagnosis) };
      rows.push(row);
      if (values.fault && !values.json) console.log(show(row));
      else if (!values.json) console.error(`${fault.name}, ${engine}: ${row.judged.kind}`);
    }
  }
  if (values.json) console.log(JSON.stringify(rows.map(plain), undefined, 2));
  else if (!values.fault) {
    console.log(table(rows));
    for (const engine of engines)
      for (const line of summary(
        engine,
        rows.filter((row) => row.engine === engine),
      ))
        console.log(line);
  }
  return 0;
}
