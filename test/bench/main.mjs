/**
 * `npm run bench`: sizes, intake, cost of a watched request; one after another, figures beside the machine. `-- --only NAME` runs one.
 * `--profile FOLDER` leaves a CPU profile of the collector's process there (which makes it slower).
 */
import { parseArgs } from 'node:util';
import { machineLine } from './machine.mjs';

const parts = {
  sizes: async () => (await import('./sizes.mjs')).benchSizes(),
  intake: async () => (await import('./intake.mjs')).benchIntake({ profile: values.profile }),
  watch: async () => (await import('./watch.mjs')).benchWatch(),
};
const { values } = parseArgs({ options: { only: { type: 'string' }, profile: { type: 'string' } } });
if (values.only !== undefined && !(values.only in parts)) {
  console.error(`--only is one of ${Object.keys(parts).join(', ')}`);
  process.exit(2);
}
console.log(machineLine());
for (const [name, part] of Object.entries(parts)) if (values.only === undefined || values.only === name) await part();
