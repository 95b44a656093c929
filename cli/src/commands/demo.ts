import { COMMON_HELP, COMMON_OPTIONS, readArguments, type Command } from '../command.js';
import { runDemo } from '../demo/run-demo.js';
import { loadForCommand } from '../load-for-command.js';
import { stopSignal } from '../stop-signal.js';

export const demo: Command = {
  name: 'demo',
  summary: 'everything on this machine, with a shop, real agents and a real fault',
  help: `outcry demo

Runs storage, two collectors, the analyzer, a shop and a fleet of real agents on loopback addresses; makes two quiet hours of history; then
one network's way into the shop fails for real. Says what runs where, what happens, and the address of the spike when it is found.

  f                 ends the fault, or begins another one
  q, Ctrl-C         stops everything
${COMMON_HELP}`,
  async run(args, around) {
    const { config } = loadForCommand(readArguments(args, COMMON_OPTIONS), around);
    return await runDemo(config, { out: around.out, stopSignal: stopSignal() });
  },
};
