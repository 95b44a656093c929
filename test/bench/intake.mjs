/**
 * Envelopes and reports per CPU-second of the collector's process through the whole intake (HTTP, crypto, journal with fdatasync,
 * drainer into the embedded engine), beside an empty node:http endpoint and nginx `return 204` of the same run.
 * Rounds of all of them alternate; medians.
 */
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fromBase64Url } from '@outcry/protocol';
import { makeRecipientKey } from '@outcry/protocol/open';
import { createStorageClient, migrate, startStorage } from '@outcry/storage';
import { findProgram } from '../../scripts/programs.mjs';
import { sealedEnvelopes } from './envelopes.mjs';
import { postAll } from './load.mjs';
import { median, printTable } from './machine.mjs';
import { anonymousMiB, cpuSeconds } from './process-cpu.mjs';

const ROUNDS = 5;
const ENVELOPES = { 1: 2500, 10: 2500, 50: 1000 };
const child = (file, execArgv = []) => fork(new URL(file, import.meta.url), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execArgv });

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

async function startNginx(folder) {
  const nginx = findProgram('nginx') ?? (findProgram('/usr/sbin/nginx') && '/usr/sbin/nginx');
  if (nginx === undefined) return undefined;
  const port = await freePort();
  const conf = join(folder, 'nginx.conf');
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join(' ');
  writeFileSync(
    conf,
    `daemon off; master_process off; pid ${folder}/nginx.pid; error_log /dev/null; events {}
     http { access_log off; keepalive_requests 1000000; ${paths} server { listen 127.0.0.1:${port}; location / { return 204; } } }`,
  );
  const process = spawn(nginx, ['-c', conf, '-p', folder], { stdio: 'ignore' });
  await sleep(500);
  return { url: `http://127.0.0.1:${port}/`, pid: process.pid, stop: () => process.kill() };
}

async function measure(target, bodies, settle = async () => {}) {
  const before = cpuSeconds(target.pid);
  const statuses = await postAll(target.url, bodies);
  await settle();
  const used = cpuSeconds(target.pid) - before;
  if (statuses.get(204) !== bodies.length) throw new Error(`expected 204 only: ${JSON.stringify([...statuses])}`);
  return used;
}

export async function benchIntake(profileFolder) {
  const folder = mkdtempSync(join(tmpdir(), 'outcry-bench-'));
  const storage = await startStorage({ dataDir: join(folder, 'storage') });
  const key = makeRecipientKey();
  await migrate(createStorageClient(storage.connection));
  const profiling = profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`];
  const collectorProcess = child('collector-process.mjs', profiling);
  collectorProcess.send({ connection: storage.connection, dataDir: join(folder, 'collector'), keys: [key] });
  const [{ url }] = await once(collectorProcess, 'message');
  const collector = { url, pid: collectorProcess.pid };
  const drained = async () => {
    collectorProcess.send('drain');
    await once(collectorProcess, 'message');
  };
  const endpointProcess = child('endpoint-process.mjs');
  const [{ url: endpointUrl }] = await once(endpointProcess, 'message');
  const endpoint = { url: endpointUrl, pid: endpointProcess.pid };
  const nginx = await startNginx(folder);
  try {
    console.log(`\nIntake, per CPU-second of the measured process (${ROUNDS} alternating rounds, median; 32 connections)`);
    const rows = [['what', 'batch', 'µs CPU/envelope', 'envelopes/CPU-s', 'reports/CPU-s', '÷ empty endpoint']];
    await measure(collector, await sealedEnvelopes(1000, 10, fromBase64Url(key.publicKey)), drained);
    for (const [batchText, count] of Object.entries(ENVELOPES)) {
      const batch = Number(batchText);
      const used = { collector: [], endpoint: [], nginx: [] };
      for (let round = 0; round < ROUNDS; round++) {
        const bodies = await sealedEnvelopes(count, batch, fromBase64Url(key.publicKey));
        used.collector.push(await measure(collector, bodies, drained));
        used.endpoint.push(await measure(endpoint, bodies));
        if (nginx !== undefined) used.nginx.push(await measure(nginx, bodies));
      }
      const perEnvelope = (seconds) => (median(seconds) / count) * 1e6;
      const floor = perEnvelope(used.endpoint);
      const row = (what, seconds) => {
        const us = perEnvelope(seconds);
        return [what, batch, us.toFixed(0), (1e6 / us).toFixed(0), ((1e6 / us) * batch).toFixed(0), (us / floor).toFixed(1)];
      };
      rows.push(row('whole intake', used.collector), row('empty node:http', used.endpoint));
      if (nginx !== undefined) rows.push(row('nginx return 204', used.nginx));
    }
    printTable(rows);
    if (nginx === undefined) console.log('  nginx is not installed: apt-get install -y nginx-light');
    console.log(`  collector memory without file-backed pages: ${anonymousMiB(collector.pid)} MiB`);
  } finally {
    nginx?.stop();
    endpointProcess.disconnect();
    collectorProcess.disconnect();
    await storage.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
