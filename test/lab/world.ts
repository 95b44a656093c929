/** The lab in its two states: healthy, and with one fault. Runs requests of clients in it. */
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeRecipientKey } from '@outcry/protocol/open';
import { makeLabCertificates } from './certificates.js';
import { isBrowser } from './engine.js';
import type { Conditions } from './conditions.js';
import type { NelReport } from './elsewhere.js';
import type { Asked, BrowserName, Client, Seen } from './engine.js';
import type { Fault, State } from './fault.js';
import { DELAY_DEVICE, delayWaysTo, flipAddress, makeNetworks, setFilter, setLink } from './network.js';
import { API_NAME, ELSEWHERE_NETWORK, SERVICE_NETWORK } from './places.js';
import { HEALTHY, makeResolver } from './resolver.js';
import { sleepSoon } from './processes.js';
import { startRole } from './role.js';
import type { Role } from './role.js';

export interface Suffered {
  readonly client: Client;
  readonly seen: Seen;
  /** The address asked for, which no other request has. */
  readonly url: string;
}

export interface World {
  /** One request of each client while the fault holds; the world is healthy before and after. */
  suffer(fault: Fault, clients: readonly Client[]): Promise<readonly Suffered[]>;
  /** Waits until Chromium has had time to report, and returns all that it reported. */
  nelReports(): Promise<readonly NelReport[]>;
}

/** An app that is ready for its request. */
interface Ready {
  readonly client: Client;
  readonly url: string;
  /** It sees healthy answers, where it was asked to. */
  warm(): Promise<unknown>;
  go(): Promise<Seen>;
  close(): Promise<unknown>;
}

/**
 * Makes the networks and starts what is in them.
 *
 * @param root - The repository, with a trailing slash; the browser agent must be built.
 */
export async function makeWorld(root: string, { tao, rttMs, rttElsewhere, lossPercent }: Conditions): Promise<World> {
  const certificates = makeLabCertificates();
  const authorityFile = join(tmpdir(), 'authority.pem');
  writeFileSync(authorityFile, certificates.authority);
  makeNetworks();
  const resolver = makeResolver();
  const service = startRole('service', 'service');
  const portal = startRole('access', 'service');
  const fullQueue = startRole('service', 'full-queue');
  const elsewhere = startRole('elsewhere', 'elsewhere');
  const clientEnv = { NODE_EXTRA_CA_CERTS: authorityFile, OUTCRY_LAB_KEY: makeRecipientKey().publicKey };
  let runs = 0;
  const browsers = new Map<BrowserName, Promise<Role>>();

  const start = { certificates: certificates.service, headers: { tao } };
  await Promise.all([
    resolver.answer(HEALTHY),
    service.ask('start', start),
    fullQueue.ask('start'),
    portal.ask('start', start).then(() => portal.ask('become', 'stranger')),
    elsewhere.ask('start', { identity: certificates.elsewhere, script: `${root}sdk-browser/dist/outcry.iife.js` }),
  ]);

  if (rttMs > 0) {
    await startRole('access', 'delay-line').ask('start', { device: DELAY_DEVICE, delayMs: rttMs });
    delayWaysTo([SERVICE_NETWORK, ...(rttElsewhere ? [ELSEWHERE_NETWORK] : [])]);
  }
  setFilter({}, lossPercent);

  async function become(state: State): Promise<void> {
    setLink(state.link ?? 'up');
    setFilter(state.filter ?? {}, lossPercent);
    await Promise.all([
      resolver.answer(state.resolver ?? HEALTHY),
      elsewhere.ask('zone', state.zone ?? { code: 0 }),
      service.ask('become', state.service ?? 'healthy'),
    ]);
  }

  function browserOf(engine: BrowserName): Promise<Role> {
    const known = browsers.get(engine);
    if (known) return known;
    const role = startRole('client', 'page-client', clientEnv);
    const started = role.ask('start', engine).then(() => role);
    browsers.set(engine, started);
    return started;
  }

  async function open(client: Client, asked: Asked): Promise<Ready> {
    const { engine } = client;
    if (isBrowser(engine)) {
      const role = await browserOf(engine);
      const id = await role.ask<number>('open', asked);
      return {
        client,
        url: asked.url,
        warm: () => role.ask('warm', { id, asked }),
        go: () => role.ask('go', { id, asked }),
        close: () => role.ask('close', id),
      };
    }
    const role = startRole('client', 'node-client', { ...clientEnv, OUTCRY_LAB_ENGINE: engine });
    const warm = (): Promise<unknown> => role.ask('prepare', asked);
    const go = async (): Promise<Seen> => {
      const [seen] = await Promise.all([role.ask<Seen>('go', asked), asked.meanwhile === 'sleeps' && sleepSoon(role.pid)]);
      return seen;
    };
    return { client, url: asked.url, warm, go, close: () => role.stop() };
  }

  /** One after another, so that clients do not disturb each other's times, unless all only wait. */
  async function warm({ isSilent }: Fault, ready: readonly Ready[]): Promise<void> {
    if (isSilent) await Promise.all(ready.map((each) => each.warm()));
    else for (const each of ready) await each.warm();
  }

  /** One after another, as they were warmed. */
  async function request({ state, isSilent }: Fault, ready: readonly Ready[]): Promise<readonly Suffered[]> {
    const one = async ({ client, url, go }: Ready): Promise<Suffered> => ({ client, url, seen: await go() });
    if (isSilent) return Promise.all(ready.map(one));
    const suffered: Suffered[] = [];
    for (const each of ready) {
      // A fault that is over at once is made again for the next.
      if (state.service) await service.ask('become', state.service);
      suffered.push(await one(each));
    }
    return suffered;
  }

  return {
    async suffer(fault, clients) {
      const asked = ({ landmarks }: Client): Asked => {
        const { scheme, path } = fault.request;
        return { ...fault.request, landmarks, url: `${scheme}://${API_NAME}${path}?${new URLSearchParams({ run: String(runs++) })}` };
      };
      await become({ service: fault.warm });
      const ready = await Promise.all(clients.map((client) => open(client, asked(client))));
      try {
        await warm(fault, ready);
        if (fault.request.before !== 'open_connection') {
          await service.ask('become', fault.state.service ?? 'healthy');
          await service.ask('hangUp');
        }
        await become(fault.state);
        const pages = clients.some(({ engine }) => isBrowser(engine));
        if (pages && fault.request.before === 'success' && fault.state.link === undefined) {
          flipAddress();
          await Promise.all([...browsers.values()].map(async (role) => (await role).ask('settle')));
        }
        return await request(fault, ready);
      } finally {
        await become({});
        await Promise.all(ready.map(({ close }) => close().catch(() => undefined)));
      }
    },
    async nelReports() {
      const chromium = await browsers.get('chromium');
      await chromium?.ask('linger');
      return elsewhere.ask('nelReports');
    },
  };
}
