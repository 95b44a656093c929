import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * The file that the owner process runs: beside this one when built, in `dist` when this one runs from `src` (tests).
 *
 * Throws when the room has not been built.
 */
export function ownerFile(from: string = import.meta.url): string {
  const file = fileURLToPath(new URL(from.endsWith('.ts') ? '../dist/owner/main.js' : './owner/main.js', from));
  if (!existsSync(file)) throw new Error('@outcry/storage is not built: run `npx tsc -b storage`');
  return file;
}
