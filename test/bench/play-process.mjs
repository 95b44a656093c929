/** Plays one simulated world through the analyzer, in a process of its own so that several play side by side: options as JSON, the result as a message. */
import { backtest } from '@outcry/analyzer';
import { simulate } from '../../cli/dist/simulator/simulate.js';

const { scores, spikes, rows } = await backtest(await simulate(JSON.parse(process.argv[2])));
const { user, system } = process.cpuUsage();
process.send({ scores, spikes, rows, cpuS: (user + system) / 1e6 }, () => process.disconnect());
