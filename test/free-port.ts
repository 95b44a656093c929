/** Ports for what a test starts and has to name beforehand. */
import { once } from 'node:events';
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below what Linux and macOS give to connections and to servers that ask for any port: nobody else takes one of these meanwhile. */
const FIRST = 20_000;
const COUNT = 12_000;
const given = new Set<number>();

/** Whether a server can listen there now. */
async function isFree(port: number, host: string): Promise<boolean> {
  const server = createServer().listen(port, host);
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}

/** A port of this address that is free now; none twice. Rejects when there is none, as for an address that is not this machine's. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    const port = FIRST + randomInt(COUNT);
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port, host)) return port;
  }
  throw new Error(`no port of ${host} is free`);
}
