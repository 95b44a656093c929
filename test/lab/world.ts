/** The lab in its two states: healthy, and with one fault. Runs one request of one client in it. */
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeRecipientKey } from '@outcry/protocol/open';
import { makeLabCertificates } from './certificates.js';
import type { Asked, Engine, Seen } from './engine.js';
import type { Fault, State } from './faults.js';
import { flipAddress, makeNetworks, setFilter, setLink } from './network.js';
import { API_NAME } from './places.js';
import { HEALTHY, makeResolver } from './resolver.js';
import { startRole } from './role.js';
import type { Role } from './role.js';

/** The time limit of the app under test: longer than undici's 10 s and Chromium's 13 s for a silent resolver. */
const LIMIT_MS = 15_000;

export interface World {
  /** One request of a fresh client of each engine while the fault holds; the world is healthy before and after. */
  suffer(fault: Fault, engines: readonly Engine[]): Promise<readonly { engine: Engine; seen: Seen }[]>;
}

/**
 * Makes the networks and starts what is in them.
 *
 * @param root - The repository, with a trailing slash; the browser agent must be built.
 */
export async function makeWorld(root: string): Promise<World> {
  const certificates = makeLabCertificates();
  const authorityFile = join(tmpdir(), 'authority.pem');
  writeFileSync(authorityFile, certificates.authority);
  makeNetworks();
  const resolver = makeResolver();
  const service = startRole('service', 'service');
  const portal = startRole('access', 'service');
  const elsewhere = startRole('elsewhere', 'elsewhere');
  const clientEnv = { NODE_EXTRA_CA_CERTS: authorityFile, OUTCRY_LAB_KEY: makeRecipientKey().publicKey };

  await Promise.all([
    resolver.answer(HEALTHY),
    service.ask('start', certificates.service),
    portal.ask('start', certificates.service).then(() => portal.ask('become', 'stranger')),
    elsewhere.ask('start', { identity: certificates.elsewhere, script: `${root}sdk-browser/dist/outcry.iife.js` }),
  ]);

  async function become(state: State): Promise<void> {
    setLink(state.link ?? 'up');
    setFilter(state.filter ?? {});
    await Promise.all([
      resolver.answer(state.resolver ?? HEALTHY),
      elsewhere.ask('zone', state.zone ?? { code: 0 }),
      service.ask('become', state.service ?? 'healthy'),
    ]);
  }

  async function prepare(engine: Engine, asked: Asked): Promise<{ engine: Engine; client: Role }> {
    const isNode = engine !== 'chromium';
    const client = startRole('client', isNode ? 'node-client' : 'chromium-client', { ...clientEnv, OUTCRY_LAB_ENGINE: engine });
    await client.ask('prepare', asked);
    return { engine, client };
  }

  return {
    async suffer(fault, engines) {
      const { path, page, before, giveUpMs } = fault.request;
      const asked: Asked = {
        url: `https://${API_NAME}${path}`,
        page,
        before,
        limitMs: LIMIT_MS,
        ...(giveUpMs !== undefined && { giveUpMs }),
      };
      const clients = await Promise.all(engines.map((engine) => prepare(engine, asked)));
      try {
        await become(fault.state);
        const browsers = clients.filter(({ engine }) => engine === 'chromium');
        if (browsers.length > 0 && before !== 'open_connection' && fault.state.link === undefined) {
          flipAddress();
          await Promise.all(browsers.map(({ client }) => client.ask('settle')));
        }
        return await Promise.all(clients.map(async ({ engine, client }) => ({ engine, seen: await client.ask<Seen>('go', asked) })));
      } finally {
        for (const { engine, client } of clients) {
          if (engine === 'chromium') await client.ask('end').catch(() => undefined);
          await client.stop();
        }
        await become({});
      }
    },
  };
}
