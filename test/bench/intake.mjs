/**
 * `npm run bench:intake`: what an upload costs, in processor time of the processes measured, beside what it could cost at least. Rounds of
 * all parts alternate in one run; medians. (a) the whole intake: HTTP, cryptography, journal with fdatasync; (b) an empty node:http
 * endpoint; (c) nginx `return 204`; (d) OpenSSL's Ed25519 and X25519; (e) the way on into the embedded engine, and its insert formats.
 *
 * `--envelopes N` and `--rounds N` make it shorter or longer, `--profile FOLDER` leaves CPU profiles of the collectors there.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fromBase64Url } from '@outcry/protocol';
import { loadRecipientKeys, makeRecipientKey, openEnvelope } from '@outcry/protocol/open';
import { createStorageClient, migrate, startStorage } from '@outcry/storage';
import { sealedEnvelopes } from './envelopes.mjs';
import { printGoals } from './goals.mjs';
import { acknowledgementMs, diskMs } from './latency.mjs';
import { openConnections, postAll } from './load.mjs';
import { machineLine, median, printTable } from './machine.mjs';
import { startNginx } from './nginx.mjs';
import { anonymousMiB, cpuSeconds } from './process-cpu.mjs';

const BATCHES = [1, 10, 50];
const ROWS_PER_INSERT = 10_000;
const FORMATS = ['JSONCompactEachRow', 'TabSeparated', 'Native'];
const CONNECTIONS = 64;
/** Uploads before any is measured: the first thousand cost 2.6 times what they cost after four thousand. */
const WARM = 4_000;

const child = (file, execArgv = []) => fork(new URL(file, import.meta.url), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execArgv });
const told = async (process) => (await once(process, 'message'))[0];
const cpuOf = ({ pids }) => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);

async function measure(target, bodies, settle = async () => {}) {
  const agent = await openConnections(target.url, CONNECTIONS);
  const before = cpuOf(target);
  const started = performance.now();
  const statuses = await postAll(target.url, bodies, { connections: CONNECTIONS, agent });
  const seconds = (performance.now() - started) / 1000;
  await settle();
  const used = cpuOf(target) - before;
  agent.destroy();
  if (statuses.get(204) !== bodies.length) throw new Error(`expected 204 only: ${JSON.stringify([...statuses])}`);
  return { us: (used / bodies.length) * 1e6, perSecond: bodies.length / seconds };
}

export async function benchIntake({ envelopes = 2000, rounds = 5, profile } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'outcry-bench-'));
  const storage = await startStorage({ dataDir: join(folder, 'storage') });
  const key = makeRecipientKey();
  const recipient = fromBase64Url(key.publicKey);
  await migrate(createStorageClient(storage.connection));
  // Takes an insert and never answers, so that the drainer of a collector before it stands still after its first batch.
  const nowhere = createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1');
  await once(nowhere, 'listening');
  const away = { url: `http://127.0.0.1:${nowhere.address().port}` };
  const children = [];
  const start = async (file, message, execArgv) => {
    const process = child(file, execArgv);
    children.push(process);
    if (message !== undefined) process.send(message);
    const { url, pids = [process.pid] } = await told(process);
    return { process, url, pids };
  };
  const profiling = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  const collector = (name, connection, workers) =>
    start('collector-process.mjs', { connection, dataDir: join(folder, name), keys: [key], workers }, profiling);
  const nginx = await startNginx(folder);
  try {
    const intake = await collector('intake', away, 1);
    const pair = await collector('pair', away, 2);
    const whole = await collector('whole', storage.connection, 1);
    const endpoint = await start('endpoint-process.mjs');
    const crypto = await start('crypto-process.mjs');
    const inserter = await start('insert-process.mjs', undefined, ['--expose-gc']);
    const ask = async ({ process }, message) => {
      process.send(message);
      return told(process);
    };
    const drained = () => ask(whole, 'drain');

    const targets = { intake, pair, whole, endpoint, ...(nginx === undefined ? {} : { nginx }) };
    const found = {};
    const note = (name, batch, value) => ((found[`${name} ${batch}`] ??= []).push(value), value);
    // Just-in-time compilation makes the first thousands dearer; every process gets over them first, and the drainers into their halt.
    const warm = [...(await sealedEnvelopes(WARM, 10, recipient)), ...(await sealedEnvelopes(WARM / 4, 50, recipient))];
    for (const target of [intake, pair, whole]) await postAll(target.url, warm, { connections: CONNECTIONS });
    await drained();
    for (let round = 0; round < rounds; round++) {
      for (const batch of BATCHES) {
        for (const [name, target] of Object.entries(targets)) {
          const bodies = await sealedEnvelopes(batch === 50 ? Math.ceil(envelopes / 2) : envelopes, batch, recipient);
          note(name, batch, await measure(target, bodies, target === whole ? drained : undefined));
          if (name !== 'intake') continue;
          const { seconds } = await ask(crypto, { count: envelopes, bytes: bodies[0].length });
          note('crypto', batch, { us: (seconds / envelopes) * 1e6 });
        }
      }
    }
    const us = (name, batch) => median(found[`${name} ${batch}`].map((one) => one.us));
    console.log(`\nIntake, per CPU-second of the measured processes (${rounds} alternating rounds, median; ${CONNECTIONS} connections)`);
    const names = {
      intake: '(a) whole intake with fdatasync',
      pair: '    the same with two workers',
      endpoint: '(b) empty node:http',
      nginx: '(c) nginx return 204',
      crypto: '(d) OpenSSL Ed25519 + X25519',
      whole: '(e) and on into ClickHouse',
    };
    const rows = [['what', 'failures', 'µs CPU/envelope', 'envelopes/CPU-s', 'reports/CPU-s', 'crypto floor ÷ it']];
    for (const [name, what] of Object.entries(names))
      for (const batch of BATCHES)
        if (found[`${name} ${batch}`] !== undefined) {
          const each = us(name, batch);
          const share = `${((us('crypto', batch) / each) * 100).toFixed(0)} %`;
          rows.push([what, batch, each.toFixed(0), (1e6 / each).toFixed(0), ((1e6 / each) * batch).toFixed(0), share]);
        }
    printTable(rows);
    if (nginx === undefined) console.log('  (c) is missing: apt-get install -y nginx');

    const half = median(found['intake 10'].map((one) => one.perSecond)) / 2;
    const latency = { disk: [], answer: [] };
    for (let round = 0; round < rounds; round++) {
      latency.disk.push(await diskMs(folder));
      const bodies = await sealedEnvelopes(Math.max(100, Math.ceil(half)), 10, recipient);
      latency.answer.push(await acknowledgementMs(intake.url, bodies, half));
    }
    const [disk, answer] = [median(latency.disk), median(latency.answer)];
    console.log(`\nAcknowledgement at half load (${half.toFixed(0)} envelopes a second): median ${answer.toFixed(1)} ms; the disk's own fdatasync ${disk.toFixed(1)} ms`); // prettier-ignore

    const keys = loadRecipientKeys([key]);
    const inserts = Object.fromEntries(FORMATS.map((format) => [format, { client: [], engine: [] }]));
    const bodies = (await sealedEnvelopes(ROWS_PER_INSERT / 50, 50, recipient)).map((bytes) => Buffer.from(openEnvelope(bytes, keys)).toString('base64')); // prettier-ignore
    for (let round = 0; round <= rounds; round++) {
      for (const format of FORMATS) {
        const before = cpuSeconds(storage.pid());
        const { seconds } = await ask(inserter, { connection: storage.connection, format, bodies, perBody: 50 });
        // The first of each is for just-in-time compilation.
        if (round === 0) continue;
        inserts[format].client.push((seconds / ROWS_PER_INSERT) * 1e6);
        inserts[format].engine.push(((cpuSeconds(storage.pid()) - before) / ROWS_PER_INSERT) * 1e6);
      }
    }
    console.log(`\nInserts of ${ROWS_PER_INSERT} rows into the embedded engine, µs CPU per row (median of ${rounds})`);
    printTable([
      ['format', 'client', 'engine', 'begins with'],
      ...FORMATS.map((format) => [
        format,
        median(inserts[format].client).toFixed(1),
        median(inserts[format].engine).toFixed(1),
        format === 'TabSeparated' ? 'bodies of the journal' : 'values in memory',
      ]),
    ]);

    const memory = Math.max(...[intake, whole].map(({ pids }) => anonymousMiB(pids[0])));
    console.log('\nGoals');
    printGoals([
      { what: 'share of the crypto floor at 10, %', least: 60, figure: (us('crypto', 10) / us('intake', 10)) * 100 },
      { what: 'reports per CPU-second at 10', least: 55_000, figure: 1e7 / us('intake', 10) },
      { what: 'reports per CPU-second at 50', least: 180_000, figure: 5e7 / us('intake', 50) },
      { what: 'CPU per envelope, two workers ÷ one', most: 1.15, figure: us('pair', 10) / us('intake', 10), digits: 2 },
      { what: 'acknowledgement ÷ fdatasync', most: 3, figure: answer / disk, digits: 2 },
      { what: 'rows per CPU-second into the engine, client side', least: 100_000, figure: 1e6 / median(inserts.TabSeparated.client) },
      { what: 'memory of a worker, MiB', most: 150, figure: memory },
    ]);
  } finally {
    nginx?.stop();
    for (const process of children) process.disconnect();
    nowhere.close();
    await storage.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { envelopes: { type: 'string' }, rounds: { type: 'string' }, profile: { type: 'string' } } });
  console.log(machineLine());
  await benchIntake({
    envelopes: values.envelopes === undefined ? undefined : Number(values.envelopes),
    rounds: values.rounds === undefined ? undefined : Number(values.rounds),
    profile: values.profile,
  });
  process.exit();
}
