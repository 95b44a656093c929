/** The shipped nginx configuration, run by a real nginx: only its ports, files and the collector's port are other ones. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../free-port.js';
import { findProgram } from '../../scripts/programs.mjs';
import { makeCertificate } from '../../examples/shop/src/certificates.js';

export const NGINX: string | undefined = process.env['OUTCRY_NGINX'] ?? findProgram('nginx') ?? findProgram('/usr/sbin/nginx');
const SHIPPED = new URL('../../examples/deploy/nginx.conf', import.meta.url);
export const NAME = 'c1.example.net';
const STARTED_WITHIN_MS = 60_000;

export interface Nginx {
  readonly port: number;
  /** Certificate that a client has to trust, PEM. */
  readonly ca: string;
  /** Everything that it wrote to standard output and error. */
  readonly output: () => string;
  stop(): Promise<void>;
}

/** Replaces every one of `changes`; throws when the shipped file has one of them no more. */
function changed(text: string, changes: readonly (readonly [string, string])[]): string {
  return changes.reduce((result, [from, to]) => {
    if (!result.includes(from)) throw new Error(`examples/deploy/nginx.conf has no "${from}"`);
    return result.replaceAll(from, to);
  }, text);
}

/**
 * Starts nginx before a collector.
 *
 * @param directory - for its files and logs.
 * @param more - further changes of the configuration.
 */
export async function startNginx(
  directory: string,
  collectorPort: number,
  more: readonly (readonly [string, string])[] = [],
): Promise<Nginx> {
  if (NGINX === undefined) throw new Error('nginx is missing');
  await mkdir(directory, { recursive: true });
  const { cert, key } = makeCertificate({ name: NAME, names: [NAME], notBeforeMs: Date.now() - 1e7, notAfterMs: Date.now() + 1e9 });
  const files = { conf: join(directory, 'nginx.conf'), cert: join(directory, 'cert.pem'), key: join(directory, 'key.pem') };
  const port = await freePort();
  await writeFile(files.cert, cert);
  await writeFile(files.key, key);
  const conf = changed(await readFile(SHIPPED, 'utf8'), [
    ['pid /run/nginx-outcry.pid;', `pid ${directory}/nginx.pid;`],
    ['server 127.0.0.1:4710;', `server 127.0.0.1:${collectorPort};`],
    ['listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`],
    ['listen [::]:443 ssl;', ''],
    ['/etc/letsencrypt/live/c1.example.net/fullchain.pem', files.cert],
    ['/etc/letsencrypt/live/c1.example.net/privkey.pem', files.key],
    ...more,
  ]);
  await writeFile(files.conf, conf);
  let output = '';
  const child: ChildProcess = spawn(NGINX, ['-e', 'stderr', '-c', files.conf, '-p', directory, '-g', 'daemon off;'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output += chunk.toString('latin1')));
  const ended = once(child, 'exit');
  const endMs = performance.now() + STARTED_WITHIN_MS;
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const open = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (open) break;
    if (child.exitCode !== null || performance.now() > endMs) throw new Error(`nginx does not start: ${output}`);
    await sleep(50);
  }
  return {
    port,
    ca: cert,
    output: () => output,
    async stop() {
      // Its master ends the workers on this signal; a killed master would leave them behind.
      child.kill('SIGTERM');
      await ended;
    },
  };
}
