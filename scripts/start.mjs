/** `npm start`: builds what is missing or old, then runs the demo in this same process. Arguments go to `outcry demo`. */
import { fileURLToPath } from 'node:url';
import { build } from './build.mjs';

build();
const command = new URL('../cli/dist/main.js', import.meta.url);
process.argv.splice(1, 1, fileURLToPath(command), 'demo');
await import(command.href);
