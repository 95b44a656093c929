import { closeSync, fdatasync, openSync, rmSync, writeSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { median } from './machine.mjs';

const sync = promisify(fdatasync);

/** Median time in ms of writing 4 KiB and waiting for the disk, in a file of this folder. */
export async function diskMs(folder, times = 60) {
  const path = join(folder, 'fdatasync');
  const file = openSync(path, 'a');
  const page = Buffer.alloc(4096, 1);
  const spent = [];
  for (let index = 0; index < times; index++) {
    writeSync(file, page);
    const started = performance.now();
    await sync(file);
    spent.push(performance.now() - started);
  }
  closeSync(file);
  rmSync(path);
  return median(spent);
}

/**
 * Median time in ms from the moment an upload was due to its answer. An open loop: a slow answer does not delay the next upload.
 *
 * @param {number} perSecond - Uploads due each second.
 */
export async function acknowledgementMs(url, bodies, perSecond) {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const spent = [];
  const waiting = [];
  const started = performance.now();
  for (let index = 0; index < bodies.length; index++) {
    const dueMs = started + (index / perSecond) * 1000;
    const early = dueMs - performance.now();
    if (early > 1) await sleep(early);
    waiting.push(
      new Promise((resolve, reject) => {
        const outgoing = request(url, { method: 'POST', agent, headers: { 'content-length': bodies[index].length } }, (answer) => {
          answer.resume();
          answer.on('end', () => {
            spent.push(performance.now() - dueMs);
            resolve();
          });
        });
        outgoing.on('error', reject);
        outgoing.end(bodies[index]);
      }),
    );
  }
  await Promise.all(waiting);
  agent.destroy();
  return median(spent);
}
