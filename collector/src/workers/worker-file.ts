import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * The file that a worker runs: beside this one when built, in `dist` when this one runs from `src` (tests).
 *
 * Throws when the room has not been built.
 */
export function workerFile(from: string = import.meta.url): string {
  const file = fileURLToPath(new URL(from.endsWith('.ts') ? '../../dist/workers/worker.js' : './worker.js', from));
  if (!existsSync(file)) throw new Error('@outcry/collector is not built: run `npx tsc -b collector`');
  return file;
}
