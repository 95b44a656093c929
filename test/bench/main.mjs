/** `npm run bench`: sizes, intake, cost of a watched request; one after another, figures beside the machine. `--only NAME` runs one. */
import { parseArgs } from 'node:util';
import { machineLine } from './machine.mjs';
import { benchIntake } from './intake.mjs';
import { benchSizes } from './sizes.mjs';
import { benchWatch } from './watch.mjs';

const parts = { sizes: benchSizes, intake: benchIntake, watch: benchWatch };
const { values } = parseArgs({ options: { only: { type: 'string' } } });
console.log(machineLine());
for (const [name, part] of Object.entries(parts)) if (values.only === undefined || values.only === name) await part();
