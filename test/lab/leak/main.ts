/**
 * An incident from its first lost packet to the analyzer's word on it: real routers, agents, collectors, storage and analyzer. In the
 * route leak one network announces half of the service's network. Behind transit two, which believes it, Free's clients lose the service and
 * still reach the collectors; BT's, behind the leaker itself, lose everything and tell it afterwards. Telekom and Comcast notice nothing.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { SpikeDetail, SpikeSummary } from '@outcry/analyzer';
import { makeRecipientKey } from '@outcry/protocol/open';
import { makeCertificate } from '../../../examples/shop/src/certificates.js';
import { startRole } from '../role.js';
import type { Role } from '../role.js';
import type { ClientsSettings, Tally } from './clients.js';
import type { Alert } from './home.js';
import { COLLECTOR_ADDRESSES, makeLeakNetworks, SERVICE_ADDRESS } from './networks.js';
import { SCENARIOS } from './scenarios.js';
import type { World } from './scenarios.js';
import { API, CLIENTS } from './settings.js';

const DAY_MS = 86_400_000;
const WARM_UP_MS = 18_000;
const FAULT_MS = 25_000;
const PATIENCE_MS = 60_000;
/** With so many a network may be named. */
const LEAST_DEVICES = 10;
const SETTLED_MS = 15_000;

interface Stored {
  readonly network: string;
  readonly devices: string;
  readonly firstMs: string;
  readonly lateS: number;
  readonly collectors: readonly string[];
}

/** Asks until `holds`, or the time is over. */
async function until<T>(ask: () => Promise<T>, holds: (value: T) => boolean, forMs: number): Promise<T> {
  for (const endMs = Date.now() + forMs; ;) {
    const value = await ask();
    if (holds(value) || Date.now() > endMs) return value;
    await wait(500);
  }
}

interface Client {
  readonly name: string;
  readonly label: string;
  tally(): Promise<Tally>;
  begin(): Promise<void>;
}

/** Everything that runs, before anything goes wrong. */
async function makeWorld(secure: boolean): Promise<World & { readonly home: Role; readonly clients: readonly Client[] }> {
  const networks = await makeLeakNetworks();
  const key = makeRecipientKey();
  const nowMs = Date.now();
  const valid = { notBeforeMs: nowMs - 30 * DAY_MS, notAfterMs: nowMs + DAY_MS };
  const authority = makeCertificate({ name: 'Outcry lab authority', authority: true, ...valid });
  const authorityFile = join(tmpdir(), 'authority.pem');
  writeFileSync(authorityFile, authority.cert);
  const identityOf = (name: string, notAfterMs = valid.notAfterMs) => {
    const made = makeCertificate({ name, names: [name], issuer: authority, ...valid, notAfterMs });
    return { cert: made.cert, key: made.key };
  };

  const home = startRole('service', 'home');
  const labels = networks.access.map(({ label }) => label);
  const identities = { valid: identityOf(API), expired: identityOf(API, nowMs - DAY_MS) };
  const dataDir = join(tmpdir(), 'storage');
  const storage = await home.ask('start', { address: SERVICE_ADDRESS, labels, dataDir, identity: identities.valid });
  await Promise.all(
    COLLECTOR_ADDRESSES.map(async (address, index) => {
      const name = `c${index + 1}`;
      const folder = join(tmpdir(), name);
      mkdirSync(folder);
      const identity = identityOf(address);
      const tls = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') };
      writeFileSync(tls.certFile, identity.cert);
      writeFileSync(tls.keyFile, identity.key);
      const projects = { shop: { hosts: [API], stage: 'production' } };
      const options = { name, host: address, port: 443, dataDir: folder, keys: [key], projects, tls };
      await startRole(name, 'collector').ask('start', { options, storage });
    }),
  );
  const settings: ClientsSettings = {
    clients: CLIENTS,
    collectors: COLLECTOR_ADDRESSES.map((address) => `https://${address}`),
    recipientKey: key.publicKey,
    secure,
  };
  const clients = await Promise.all(
    networks.access.map(async ({ name, label }) => {
      const role = startRole(name, 'clients', { NODE_EXTRA_CA_CERTS: authorityFile });
      await role.ask('start', settings);
      return { name, label, tally: () => role.ask<Tally>('tally'), begin: () => role.ask<void>('begin') };
    }),
  );
  return { networks, home, clients, identify: (which) => home.ask('identify', identities[which]) };
}

export async function main(args: readonly string[]): Promise<number> {
  const name = args[args.indexOf('--scenario') + 1] ?? 'leak';
  const scenario = SCENARIOS[args.includes('--scenario') ? name : 'leak'];
  if (!scenario) {
    console.log(`no such scenario; there are ${Object.keys(SCENARIOS).join(', ')}`);
    return 2;
  }
  const events: [ms: number, words: string][] = [];
  const missing: string[] = [];
  const note = (words: string, ms = Date.now()): void => void events.push([ms, words]);
  const need = (holds: boolean, words: string): void => void (holds || missing.push(words));

  const world = await makeWorld(scenario.secure === true);
  const { home, clients } = world;
  note('all is well');
  await wait(WARM_UP_MS);
  const served = async (): Promise<number> => {
    const before = await home.ask<number>('answered');
    await wait(5_000);
    return Math.round(((await home.ask<number>('answered')) - before) / 5);
  };
  const usual = await served();
  await Promise.all(clients.map((client) => client.begin()));
  const spikes = (): Promise<SpikeSummary[]> => home.ask<SpikeSummary[]>('spikes');
  const labelsOf = (names: readonly string[]): string[] => clients.filter((each) => names.includes(each.name)).map(({ label }) => label);
  const reporting = labelsOf(scenario.reporting);
  const cutOff = labelsOf(scenario.cutOff);
  const of = (rows: readonly Stored[], labels: readonly string[]): Stored[] => rows.filter(({ network }) => labels.includes(network));

  await scenario.begin(world);
  const beganMs = Date.now();
  // Times of failures are floored to 10 s.
  const stored = (): Promise<Stored[]> => home.ask<Stored[]>('stored', Math.floor(beganMs / 10_000) * 10);
  note(`fault: ${scenario.words}`);
  const during = await served();
  note(`the service answers ${during} requests a second instead of ${usual}`);
  const find = (list: readonly SpikeSummary[]): SpikeSummary | undefined => list.find((spike) => scenario.isIt(spike, reporting));
  const spike = find(await until(spikes, (list) => find(list) !== undefined, PATIENCE_MS));
  if (spike) note('the spike is on the page');
  const alerts = (): Promise<Alert[]> => home.ask<Alert[]>('alerts');
  const told = (list: readonly Alert[]): Alert | undefined => list.find(({ summary }) => summary.includes(API));
  const alert = told(await until(alerts, (list) => told(list) !== undefined, PATIENCE_MS));
  if (alert) note(`alert: ${alert.summary}`, alert.atMs);
  await wait(Math.max(0, beganMs + FAULT_MS - Date.now()));
  const meanwhile = await stored();
  need(of(meanwhile, cutOff).length === 0, 'nothing of those cut off arrives during the fault');
  need(
    of(meanwhile, reporting).every(({ collectors }) => collectors.every((each) => scenario.collectors.includes(each))),
    `reports come by ${scenario.collectors.join(' and ')} alone`,
  );

  await scenario.end(world);
  note('end of the fault');
  const enough = (list: readonly Stored[]): boolean =>
    of(list, cutOff).filter(({ devices }) => Number(devices) >= LEAST_DEVICES).length === cutOff.length;
  const rows = await until(stored, enough, PATIENCE_MS);
  const all = await spikes();
  const namedIn = (one: SpikeDetail | undefined): (string | null)[] =>
    one?.breakdown.dimensions.find(({ name: dimension }) => dimension === 'network')?.rows.map(({ value }) => value) ?? [];
  const isWhole = (one: SpikeDetail | undefined): boolean => cutOff.every((label) => namedIn(one).includes(label));
  const detail = spike && (await until(() => home.ask<SpikeDetail>('spike', spike.id), isWhole, SETTLED_MS));
  const tallies = await Promise.all(clients.map(async (client) => ({ ...client, ...(await client.tally()) })));

  const failures = tallies.flatMap(({ firstFailureMs, label }) => (firstFailureMs === null ? [] : [[firstFailureMs, label] as const]));
  const [first] = failures.sort(([a], [b]) => a - b);
  if (first) note(`first failure, at a client in ${first[1]}`, first[0]);
  const [firstStored] = of(rows, reporting).sort((a, b) => Number(a.firstMs) - Number(b.firstMs));
  if (firstStored) note(`first report stored, from ${firstStored.network}`, Number(firstStored.firstMs));
  for (const { network, devices, lateS, firstMs } of of(rows, cutOff))
    note(`first report stored of those cut off, from ${network}; in the end ${devices} devices, up to ${lateS} s late`, Number(firstMs));
  if (cutOff.length > 0 && isWhole(detail)) note(`the spike's page counts those cut off too: ${namedIn(detail).join(', ')}`);
  if (detail) note('enough evidence for the spike', Date.parse(detail.found_at));

  need(firstStored !== undefined && Number(firstStored.firstMs) < beganMs + FAULT_MS, 'reports during the fault');
  need(enough(rows), 'reports of those cut off, afterwards');
  need(spike !== undefined, 'the spike');
  need(alert?.status === 'firing', 'the alert');
  need(detail?.verdict === scenario.verdict, `the verdict ${scenario.verdict}: ${detail?.verdict ?? 'none'}`);
  need(during < usual, 'a dip at the service');
  const well = tallies.filter((each) => ![...scenario.reporting, ...scenario.cutOff].includes(each.name));
  need(
    // A busy machine makes a client wait too long now and then.
    well.every(({ failed, answered }) => failed <= 0.05 * answered),
    `hardly a failure elsewhere: ${well.map(({ failed, answered }) => `${failed} of ${failed + answered}`).join(', ')}`,
  );

  for (const [ms, words] of events.sort(([a], [b]) => a - b)) console.log(`${((ms - beganMs) / 1000).toFixed(1).padStart(7)} s  ${words}`);
  for (const { sentence, verdict } of all) console.log(`\n${sentence}\nIs it us? ${verdict}`);
  for (const because of detail?.verdict_detail.because ?? []) console.log(`  - ${because}`);
  console.log('');
  for (const { label, answered, failed, delivered } of tallies)
    console.log(`${label}: ${answered} answered, ${failed} failed, ${delivered} envelopes delivered`);
  for (const words of missing) console.log(`not seen: ${words}`);
  return missing.length === 0 ? 0 : 1;
}
