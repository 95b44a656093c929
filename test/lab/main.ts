/** The lab's runs, inside the private world. */
import { labelOf, show } from './matrix.js';
import { printRun, readOptions } from './options.js';
import { runPlan } from './runs.js';
import { toJson, together } from './saved.js';

/**
 * Runs what the arguments ask for and prints it.
 *
 * @returns The exit code: 0 when every fault could be made, whatever the diagnoses; 1 when one could not; else that of `readOptions`.
 */
export async function main(args: readonly string[], { root }: { readonly root: string }): Promise<number> {
  const asked = readOptions(args);
  if (typeof asked === 'number') return asked;
  const { conditions, isWhole, repeat, json, ...plan } = asked;
  const { rows, unmade } = await runPlan({
    ...{ ...plan, root, conditions, repeat },
    onRow: ({ fault, client, judged }) => console.error(`${fault.name}, ${labelOf(client)}: ${judged.kind}`),
  });
  const runs = together([{ conditions, rows }]);
  for (const run of runs) {
    if (json) console.log(toJson(run));
    else {
      if (!isWhole && repeat === 1) for (const row of run.rows) console.log(show(row));
      printRun(run, isWhole || repeat > 1);
    }
  }
  if (unmade.length === 0) return 0;
  console.error(`could not be made: ${unmade.join(', ')}`);
  return 1;
}
