/** `node test/lab/leak/run.mjs`: the route leak, in a private world. Prints its timeline; exit code 1 when something was not seen. */
import { LEAK_PROGRAMS } from '../../../scripts/programs.mjs';
import { runInPrivateWorld } from '../private-world.mjs';

await runInPrivateWorld({
  self: import.meta.url,
  programs: LEAK_PROGRAMS,
  entries: ['main.ts', 'home.ts', 'collector.ts', 'clients.ts'],
  resolverAddress: '127.0.0.1',
});
