/** `npm run lab`: the network fault lab, in a private world. `npm run lab -- --help` lists the options. */
import { LAB_PROGRAMS, WEBKIT_PROGRAMS } from '../../scripts/programs.mjs';
import { runInPrivateWorld } from './private-world.mjs';

const engines = process.argv.filter((word, index) => word.startsWith('--engine=') || process.argv[index - 1] === '--engine');
const needsWebKit = engines.some((word) => word.endsWith('webkit'));

if (process.argv.includes('--scenario')) await import('./leak/run.mjs');
else
  await runInPrivateWorld({
    self: import.meta.url,
    programs: needsWebKit ? [...LAB_PROGRAMS, ...WEBKIT_PROGRAMS] : LAB_PROGRAMS,
    // Without an engine named, WebKitGTK runs where it can be had.
    welcome: engines.length === 0 ? WEBKIT_PROGRAMS : [],
    entries: [
      'main.ts',
      'world-process.ts',
      'service.ts',
      'elsewhere.ts',
      'delay-line.ts',
      'full-queue.ts',
      'node-client.ts',
      'page-client.ts',
    ],
    before: 'options.ts',
    resolverAddress: '10.10.53.53',
  });
