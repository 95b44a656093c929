/** Alerts through a real Alertmanager, a real SMTP server and webhooks, while two analyzers look at one engine. One story, one engine. */
import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAnalyzer } from '@outcry/analyzer';
import type { AlertOptions, AnalyzerHandle } from '@outcry/analyzer';
import { createStorageClient, insertRows, migrate, startStorage } from '@outcry/storage';
import type { ClickHouseClient, StorageHandle } from '@outcry/storage';
import { findProgram } from '../../scripts/programs.mjs';
import { answersOk, startProgram } from './debian-program.js';
import type { RunningProgram } from './debian-program.js';
import { eventually } from './eventually.js';
import { attempts, HOST, outage, quietAttempts, quietFailures } from './outage-rows.js';
import { freePort } from '../free-port.js';

/** Alertmanager has its own clock, so the story lies in the near past, on a whole minute. */
let T0: number;
let now: number;
let token = 0;

interface Told {
  readonly path: string;
  readonly body: Record<string, unknown> & { text?: string; status?: string; summary?: string; labels?: Record<string, string> };
}
interface ActiveAlert {
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
}

let folder: string;
let storage: StorageHandle;
let client: ClickHouseClient;
let alertmanager: RunningProgram;
let alertmanagerUrl: string;
let analyzers: AnalyzerHandle[] = [];
const told: Told[] = [];
const mails: string[] = [];
/** What the chat answers; it is away at first. */
let chatStatus = 503;

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}
const hooks: Server = createServer((request, response) => {
  void bodyOf(request).then((text) => {
    const path = request.url ?? '';
    response.statusCode = path === '/chat' ? chatStatus : 200;
    if (response.statusCode === 200) told.push({ path, body: text === '' ? {} : (JSON.parse(text) as Told['body']) });
    response.end();
  });
});
const smtp = new SMTPServer({
  authOptional: true,
  disabledCommands: ['STARTTLS'],
  onData(stream, _session, done) {
    let text = '';
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
    stream.on('end', () => {
      mails.push(text);
      done();
    });
  },
});
const listening = (server: { listen(port: number, host: string, done: () => void): unknown }): Promise<void> =>
  new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

const startOne = (behindS: number, alerts: AlertOptions): Promise<AnalyzerHandle> =>
  startAnalyzer({
    host: '127.0.0.1',
    port: 0,
    client,
    projects: { shop: { hosts: [HOST], stage: 'production' } },
    intervalMs: 300,
    alerts: { everyMs: 300, alertmanagerUrls: [alertmanagerUrl], ...alerts },
    now: () => (now - behindS) * 1000,
  });
/** Mails, chat and webhooks are of one analyzer; Alertmanager makes one alert of what both tell it. */
async function start(): Promise<void> {
  const hook = `http://127.0.0.1:${(hooks.address() as AddressInfo).port}`;
  const { port } = smtp.server.address() as AddressInfo;
  analyzers = [
    await startOne(0, {
      publicUrl: 'https://outcry.example',
      email: { smtpUrl: `smtp://127.0.0.1:${port}`, from: 'outcry@shop.example', to: ['oncall@shop.example'] },
      slackUrl: `${hook}/chat`,
      webhookUrls: [`${hook}/hook`],
      heartbeatUrl: `${hook}/beat`,
    }),
    await startOne(20, { publicUrl: 'https://outcry.example' }),
  ];
}
async function stop(): Promise<void> {
  await Promise.all(analyzers.splice(0).map((analyzer) => analyzer.close()));
}
const active = async (name: string): Promise<ActiveAlert[]> =>
  (await (await fetch(`${alertmanagerUrl}/api/v2/alerts?filter=alertname%3D${name}`)).json()) as ActiveAlert[];
/** The mails about spikes, unfolded. Rows of hours ago that are inserted now make an alert about the intake too, as they should. */
const spikeMails = (): string[] => mails.map((mail) => mail.replaceAll(/=\r?\n/g, '')).filter((mail) => mail.includes(HOST));
const toldTo = (path: string): Told['body'][] => told.filter((each) => each.path === path).map(({ body }) => body);
const aboutSpikes = (path: string): Told['body'][] => toldTo(path).filter((body) => JSON.stringify(body).includes(HOST));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outcry-alerts-'));
  storage = await startStorage({ dataDir: join(folder, 'storage') });
  client = createStorageClient(storage.connection);
  await migrate(client);
  const port = await freePort();
  alertmanagerUrl = `http://127.0.0.1:${port}`;
  const config = join(folder, 'alertmanager.yml');
  await writeFile(config, 'route: { receiver: nobody }\nreceivers: [{ name: nobody }]\n');
  const args = [`--config.file=${config}`, `--storage.path=${folder}/alertmanager`, `--web.listen-address=127.0.0.1:${port}`];
  alertmanager = await startProgram(
    findProgram('prometheus-alertmanager') ?? 'prometheus-alertmanager',
    [...args, '--cluster.listen-address='],
    answersOk(`${alertmanagerUrl}/-/ready`),
  );
  await listening(hooks);
  await listening(smtp);
  // Alertmanager forgets what is five minutes old: the story begins when all is there to tell it.
  T0 = Math.floor((Date.now() - 90_000) / 60_000) * 60;
  now = T0;
  await insertRows(client, 'reports', quietFailures(T0), `reports:${token++}`);
  await insertRows(client, 'attempts', quietAttempts(T0), 'attempts:1');
  await start();
});
afterAll(async () => {
  await stop();
  await alertmanager.stop();
  await client.close();
  await storage.close();
  await new Promise((resolve) => smtp.close(() => resolve(undefined)));
  hooks.closeAllConnections();
  await new Promise((resolve) => hooks.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

describe('alerts', () => {
  it('tell that somebody is watching, to Alertmanager and to the address of the dead man’s switch', async () => {
    await eventually(async () => expect(await active('OutcryHeartbeat')).toHaveLength(1));
    await eventually(() => Promise.resolve(expect(toldTo('/beat').length).toBeGreaterThan(0)));
    expect(await active('OutcrySpike')).toEqual([]);
    expect(spikeMails()).toEqual([]);
  });

  it('are one for one spike, though two analyzers with clocks 20 s apart find it', async () => {
    now = T0 + 65;
    await insertRows(client, 'reports', outage('AS3320/DE', T0, T0 + 60, 30), `reports:${token++}`);
    await eventually(async () => expect(await active('OutcrySpike')).toHaveLength(1));
    now = T0 + 90;
    // Both have looked again by then.
    await eventually(async () => {
      for (const { url } of analyzers) expect(await (await fetch(`${url}/api/v1/spikes`)).json()).toHaveLength(1);
    });
    const [alert, ...more] = await active('OutcrySpike');
    expect(more).toEqual([]);
    expect(alert?.labels).toMatchObject({ project: 'shop', host: HOST, kind: 'timeout', place: 'network=AS3320/DE' });
    expect(alert?.annotations['summary']).toContain(`About 30 clients get no answer in time from ${HOST}`);
    expect(alert?.annotations['url']).toMatch(/^https:\/\/outcry\.example\/spikes\/[0-9a-f]{16}$/);
  });

  it('say how long reports waited when they come late', async () => {
    expect((await active('OutcryIntakeBehind'))[0]?.annotations['summary']).toMatch(/^Reports wait about \d+ minutes in collector c1/);
  });

  it('reach mailbox and webhook once, with the one sentence and the link', async () => {
    await eventually(() => Promise.resolve(expect(spikeMails()).toHaveLength(1)));
    expect(spikeMails()[0]).toContain('To: oncall@shop.example');
    expect(spikeMails()[0]).toContain('https://outcry.example/spikes/');
    expect(aboutSpikes('/hook')).toHaveLength(1);
    expect(aboutSpikes('/hook')[0]).toMatchObject({ version: 1, status: 'firing', labels: { alertname: 'OutcrySpike' } });
  });

  it('are tried again at a chat that was away, and hold up nobody meanwhile', async () => {
    expect(aboutSpikes('/chat')).toEqual([]);
    chatStatus = 200;
    await eventually(async () => {
      now += 30;
      await Promise.resolve();
      expect(aboutSpikes('/chat')).toHaveLength(1);
    });
    expect(aboutSpikes('/chat')[0]?.text).toContain(`clients get no answer in time from ${HOST}`);
  });

  it('are not told again after a restart', async () => {
    await stop();
    now = T0 + 95;
    await start();
    await eventually(async () => expect(await (await fetch(`${analyzers[0]?.url}/api/v1/spikes`)).json()).toHaveLength(1));
    const tries = async (): Promise<string> => (await fetch(`${analyzers[0]?.url}/metrics`)).text();
    // The state is told to Alertmanager again; by then the others had their turn too.
    await eventually(async () => expect(await tries()).toMatch(/outcry_notifications_total\{sink="alertmanager-1",outcome="ok"\} [3-9]/));
    expect(spikeMails()).toHaveLength(1);
    expect(aboutSpikes('/hook')).toHaveLength(1);
  });

  it('are not told as over while the spike may come back', async () => {
    now = T0 + 240;
    await eventually(async () =>
      expect(await (await fetch(`${analyzers[0]?.url}/api/v1/spikes`)).json()).toMatchObject([{ phase: 'recovering' }]),
    );
    await eventually(async () => expect((await active('OutcrySpike'))[0]?.annotations['summary']).toContain('quiet since then'));
    expect(spikeMails()).toHaveLength(1);
  });

  it('are told as over when the spike is closed, and leave Alertmanager', async () => {
    now = T0 + 370;
    await eventually(async () => expect(await active('OutcrySpike')).toEqual([]));
    await eventually(() => Promise.resolve(expect(spikeMails()).toHaveLength(2)));
    expect(spikeMails()[1]).toContain('Over: About 30 clients got no answer in time');
    await eventually(() => Promise.resolve(expect(aboutSpikes('/hook').map(({ status }) => status)).toEqual(['firing', 'resolved'])));
    await eventually(() => Promise.resolve(expect(aboutSpikes('/chat')).toHaveLength(2)));
  });

  it('are told as over by the next analyzer where they ended while none ran', async () => {
    const aboutIntake = (): unknown[] =>
      toldTo('/hook')
        .filter(({ labels }) => labels?.['alertname'] === 'OutcryIntakeBehind')
        .map(({ status, summary }) => [status, summary]);
    await eventually(() => Promise.resolve(expect(aboutIntake()).toHaveLength(1)));
    await stop();
    now = T0 + 7_200;
    // What came meanwhile did not wait.
    const row = { ...attempts('AS3320/DE', now - 30, 1, 10, 0), received_at: now - 30, inserted_at: String(now - 25) };
    await client.insert({ table: 'attempts', values: [row], format: 'JSONEachRow' });
    await start();
    const words = expect.stringMatching(/^Reports wait about \d+ minutes in collector c1/);
    await eventually(() =>
      Promise.resolve(
        expect(aboutIntake()).toEqual([
          ['firing', words],
          ['resolved', words],
        ]),
      ),
    );
  });

  it('say that nothing can be found while storage is away, and stop the heartbeat', async () => {
    await storage.close();
    const beats = toldTo('/beat').length;
    await eventually(async () => {
      now += 30;
      expect((await active('OutcryBlind')).length).toBe(1);
    });
    expect(toldTo('/beat').length).toBeLessThanOrEqual(beats + 1);
    await eventually(() =>
      Promise.resolve(expect(toldTo('/hook').some(({ labels }) => labels?.['alertname'] === 'OutcryBlind')).toBe(true)),
    );
    storage = await startStorage({ dataDir: join(folder, 'storage') });
  });
});
