/** Prints the subresource integrity hashes of the script-tag files, for README and pages. Run after a build. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

for (const name of ['outcry.iife.js', 'outcry-consent.iife.js', 'outcry-fallback.iife.js']) {
  const file = new URL(`../sdk-browser/dist/${name}`, import.meta.url);
  if (!existsSync(file)) {
    console.error(`${name} is not built; run npm run build first.`);
    process.exit(1);
  }
  const bytes = readFileSync(file);
  console.log(`${name}  sha384-${createHash('sha384').update(bytes).digest('base64')}  ${gzipSync(bytes, { level: 9 }).length} B gzip`);
}
