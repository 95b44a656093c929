/** What agents make of signed configuration: honest, forged, replayed, out of time, for somebody else. Long because every forgery starts from the one honest document made here. */
import { afterEach, describe, expect, it } from 'vitest';
import type { AgentConfig } from '@outcry/protocol';
import { generateKeyPairSync, sign } from 'node:crypto';
import { decodeBody, loadRecipientKeys, makeRecipientKey, openEnvelope } from '../../../protocol/src/open.js';
import { checkOptions } from '../../../sdk-core/src/index.js';
import type { OutcryOptions, Platform } from '../../../sdk-core/src/index.js';
import { makeGrant } from '../../../sdk-core/src/grant.js';
import { makeSteering } from '../../../sdk-core/src/steering.js';
import { KEYS, startCollector } from './collector.js';
import type { TinyCollector } from './collector.js';
import { failureAt, makeClock, makePlace, optionsFor, RECEIPT, settle, until } from './place.js';
import type { Place } from './place.js';
import { CONFIG_KEY, configAt, OTHER_KEY, signed } from './sign.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Nobody is there; asking them is what counts. */
const WITNESSES = ['http://127.0.0.1:1/v1/witness'];

const open: TinyCollector[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

interface Steered extends Place {
  readonly c: TinyCollector;
  /** Versions taken. */
  versions(): number[];
  /** How often the configuration was asked for. */
  asked(): number;
  /** Lets the next question fall due and end. */
  askAgain(): Promise<void>;
}

async function steered(
  document: string | undefined,
  options: Partial<OutcryOptions> = {},
  changes: Partial<Platform> = {},
): Promise<Steered> {
  const c = await startCollector();
  open.push(c);
  c.config = document;
  const place = makePlace([c.origin], { configKey: CONFIG_KEY.publicKey, ...options }, { random: () => 0.5, ...changes });
  const asked = (): number => c.requests.filter(({ url }) => url.startsWith('/v1/config/')).length;
  const wait = async (ms: number): Promise<void> => {
    const before = asked();
    await place.clock.advance(ms);
    await until(() => asked() > before);
    await settle(60);
  };
  await place.agent.setConsent('granted', RECEIPT);
  await place.agent.pending();
  await settle(50);
  await wait(5_000);
  return {
    ...place,
    c,
    versions: () => place.events.flatMap((event) => (event.kind === 'steered' ? [event.version] : [])),
    asked,
    askAgain: () => wait(1.6 * HOUR_MS),
  };
}

const NOW_MS = Date.UTC(2026, 10, 22, 12);
const at = (version: number, more: Partial<AgentConfig> = {}): AgentConfig => configAt(NOW_MS, version, more);

describe('an agent with a configKey', () => {
  it('asks after consent only, once an hour at most over pages, and without anything that tells one device from another', async () => {
    const c = await startCollector();
    open.push(c);
    c.config = signed(at(1));
    const place = makePlace([c.origin], { configKey: CONFIG_KEY.publicKey }, { random: () => 0.5 });
    await place.clock.advance(2 * HOUR_MS);
    expect(c.requests).toEqual([]);
    await place.agent.setConsent('granted', RECEIPT);
    await place.agent.pending();
    await settle(50);
    await place.clock.advance(5_000);
    await until(() => c.requests.length === 1);
    await until(() => place.events.some(({ kind }) => kind === 'steered'));
    const page = makePlace(
      [c.origin],
      { configKey: CONFIG_KEY.publicKey, consent: 'granted', receipt: RECEIPT },
      { store: place.store, random: () => 0.5, now: () => place.clock.nowMs, setTimer: place.clock.setTimer },
    );
    await page.agent.pending();
    await settle(50);
    await place.clock.advance(0.9 * HOUR_MS);
    expect(c.requests).toHaveLength(1);
    await place.clock.advance(HOUR_MS);
    await until(() => c.requests.length === 2);
    await settle(100);
    expect(c.requests.map(({ method, url, headers }) => [method, url, headers.cookie, headers.referer])).toEqual([
      ['GET', '/v1/config/shop', undefined, undefined],
      ['GET', '/v1/config/shop', undefined, undefined],
    ]);
  });

  it('reports a lower share, tells the share, and goes back to its own when the time is over', async () => {
    let draw = 0;
    const one = await steered(signed(at(1, { reports_ppm: 250_000 })), {}, { random: () => (draw = (draw + 0.1) % 1) });
    expect(one.versions()).toEqual([1]);
    for (let n = 0; n < 20; n++) one.agent.fail(failureAt(one.clock.nowMs));
    const [failure] = one.agent.preview().next.failures;
    expect(failure?.sampling_ppm).toBe(250_000);
    expect(failure?.count).toBeLessThan(8);
    one.clock.nowMs += 2 * DAY_MS;
    one.agent.fail(failureAt(one.clock.nowMs, { method: 'PUT' }));
    expect(one.agent.preview().next.failures.at(-1)).toMatchObject({ method: 'PUT', sampling_ppm: 1_000_000 });
  });

  it('never reports more than the app allows', async () => {
    const one = await steered(signed(at(1, { reports_ppm: 1_000_000, attempts_ppm: 1_000_000 })), { sample: 0 });
    expect(one.versions()).toEqual([1]);
    for (let n = 0; n < 5; n++) one.agent.fail(failureAt(one.clock.nowMs));
    expect(one.agent.preview().next.failures).toEqual([]);
  });

  it('folds failures of different shares apart, so that each keeps its weight', async () => {
    const one = await steered(undefined, {}, { random: () => 0.1 });
    one.agent.fail(failureAt(one.clock.nowMs));
    one.c.config = signed(at(1, { reports_ppm: 500_000 }));
    await one.clock.advance(0);
    const before = one.agent.preview().next.failures;
    expect(before.map((failure) => [failure.count, failure.sampling_ppm])).toEqual([[1, 1_000_000]]);
    await one.askAgain();
    one.agent.fail(failureAt(one.clock.nowMs));
    one.agent.fail(failureAt(one.clock.nowMs));
    expect(one.agent.preview().next.failures.map((failure) => [failure.count, failure.sampling_ppm])).toEqual([[2, 500_000]]);
  });

  it('records and sends nothing while it is paused, keeps its queue, counts what it left out, and tells it afterwards', async () => {
    const one = await steered(undefined);
    one.agent.fail(failureAt(one.clock.nowMs));
    one.c.answer = (response) => void response.writeHead(503).end();
    await one.agent.flush();
    one.c.config = signed(at(1, { paused: true }));
    await one.askAgain();
    one.c.answer = (response) => void response.writeHead(204).end();
    const sentBefore = one.c.received.length;
    const { envelopes } = await one.agent.pending();
    one.agent.fail(failureAt(one.clock.nowMs, { method: 'PUT' }));
    one.agent.observe({ host: 'api.shop.example', outcome: 'succeeded', startedAtMs: one.clock.nowMs });
    expect(envelopes).toBeGreaterThan(0);
    expect(await one.agent.flush()).toEqual({ delivered: 0, dropped: 0, kept: envelopes });
    expect(one.c.received.length).toBe(sentBefore);
    one.c.config = signed(at(2));
    await one.askAgain();
    await one.agent.flush();
    const bodies = one.c.received.map(({ body }) => body);
    expect(bodies.flatMap(({ failures }) => failures.map(({ method }) => method))).not.toContain('PUT');
    expect(bodies.flatMap(({ losses }) => losses)).toContainEqual({ reason: 'paused', bucket: '1' });
  });

  it('asks no witness and no failing host while it is paused', async () => {
    const one = await steered(signed(at(1, { paused: true })), { witnesses: WITNESSES });
    expect(one.versions()).toEqual([1]);
    expect(await one.agent.mayProbe()).toBe(false);
    expect(await one.agent.compareWitness('api.shop.example')).toBeNull();
  });

  it('draws whether it compares once a minute, however many requests fail, and what it leaves out counts against the hour', async () => {
    let lot = 0.5;
    const one = await steered(signed(at(1, { probes_ppm: 250_000 })), { witnesses: WITNESSES }, { random: () => lot });
    expect(one.versions()).toEqual([1]);
    const compare = async (drawn: number): Promise<boolean> => {
      lot = drawn;
      return (await one.agent.compareWitness('api.shop.example')) !== null;
    };
    expect([await compare(0.9), await compare(0.1)]).toEqual([false, false]);
    const asked: boolean[] = [];
    for (let minute = 1; minute < 8; minute++) {
      one.clock.nowMs += 61_000;
      asked.push(await compare(minute === 5 ? 0.1 : minute > 5 ? 0 : 0.9));
    }
    expect(asked).toEqual([false, false, false, false, true, false, false]);
  });

  it('asks collectors in the given order, leaves out those that are not named, and never asks one that the app does not name', async () => {
    const [second, stranger] = [await startCollector('127.0.0.2'), await startCollector('127.0.0.3')];
    open.push(second, stranger);
    const c = await startCollector();
    open.push(c);
    c.config = second.config = signed(at(1, { collectors: [stranger.origin, second.origin] }));
    const place = makePlace([c.origin, second.origin], { configKey: CONFIG_KEY.publicKey }, { random: () => 0 });
    await place.agent.setConsent('granted', RECEIPT);
    await place.agent.pending();
    await settle(50);
    await place.clock.advance(5_000);
    await until(() => place.events.some(({ kind }) => kind === 'steered'));
    place.agent.fail(failureAt(place.clock.nowMs));
    expect(await place.agent.flush()).toMatchObject({ delivered: 1 });
    expect([c.received.length, second.received.length, stranger.requests.length]).toEqual([0, 1, 0]);
    second.answer = (response) => void response.writeHead(500).end();
    place.agent.fail(failureAt(place.clock.nowMs));
    expect(await place.agent.flush()).toMatchObject({ delivered: 0, kept: 1 });
    expect([c.received.length, stranger.requests.length]).toEqual([0, 0]);
    expect([...place.agent.preview().receivers].sort()).toEqual([c.origin, second.origin].sort());
  });

  it('takes a list that names none of its collectors for no list', async () => {
    const one = await steered(signed(at(1, { collectors: ['https://evil.example'] })));
    expect(one.versions()).toEqual([1]);
    one.agent.fail(failureAt(one.clock.nowMs));
    expect(await one.agent.flush()).toMatchObject({ delivered: 1 });
  });

  it('seals for the next key from its moment on, while older envelopes still open with the one before', async () => {
    const next = makeRecipientKey();
    const both = loadRecipientKeys([KEYS, next]);
    const fromS = Math.floor(NOW_MS / 1_000) + 600;
    const c = await startCollector('127.0.0.1', undefined, both);
    open.push(c);
    c.config = signed(at(1, { next_key: { key: next.publicKey, from: fromS } }));
    c.answer = (response) => void response.writeHead(503).end();
    const { agent, clock, events } = makePlace([c.origin], { configKey: CONFIG_KEY.publicKey }, { random: () => 0.5 });
    await agent.setConsent('granted', RECEIPT);
    await agent.pending();
    await settle(50);
    await clock.advance(5_000);
    await until(() => events.some(({ kind }) => kind === 'steered'));
    agent.fail(failureAt(clock.nowMs));
    await agent.flush();
    clock.nowMs = (fromS + 1) * 1_000;
    agent.fail(failureAt(clock.nowMs, { method: 'PUT' }));
    c.answer = (response) => void response.writeHead(204).end();
    c.received.length = 0;
    expect(await agent.flush()).toMatchObject({ delivered: 2, kept: 0 });
    const [old, fresh] = c.received as [(typeof c.received)[0], (typeof c.received)[0]];
    const onlyNext = loadRecipientKeys([next]);
    expect(() => openEnvelope(old.bytes, onlyNext)).toThrow('unknown_key');
    expect(decodeBody(openEnvelope(fresh.bytes, onlyNext)).body.failures[0]?.method).toBe('PUT');
    // Another signer too, so that the two keys do not tie a device together.
    expect(old.bytes.subarray(56, 88).equals(fresh.bytes.subarray(56, 88))).toBe(false);
  });
});

describe('who holds a collector but not the key', () => {
  const good = signed(at(5, { reports_ppm: 500_000 }));
  const { config, signature } = JSON.parse(good) as { config: string; signature: string };
  const changed = (from: string, to: string): string => JSON.stringify({ config: config.replace(from, to), signature });
  const bare = (text: string): string =>
    JSON.stringify({
      config: text,
      signature: sign(null, Buffer.from(text), generateKeyPairSync('ed25519').privateKey).toString('base64url'),
    });
  const flipped = (): string => {
    const bytes = Buffer.from(signature, 'base64url');
    bytes[3] = (bytes[3] ?? 0) ^ 1;
    return JSON.stringify({ config, signature: bytes.toString('base64url') });
  };
  const nowS = Math.floor(NOW_MS / 1_000);

  it.each([
    ['another key', signed(at(9), OTHER_KEY)],
    ['a changed share', changed('500000', '400000')],
    ['a changed version', changed('"version":5', '"version":6')],
    ['an added receiver', changed('"format":1', '"format":1,"collectors":["https://evil.example"]')],
    ['a flipped bit of the signature', flipped()],
    ['a signature without its domain', bare(config)],
    ['a signature cut short', JSON.stringify({ config, signature: signature.slice(0, -2) })],
    ['a text cut short', JSON.stringify({ config: config.slice(0, -1), signature })],
    ['a document cut short', good.slice(0, -1)],
    ['another project', signed({ ...at(9), project: 'shop-two' })],
    ['a time that is over', signed(at(9, { not_before: nowS - 7_200, not_after: nowS - 3_600 }))],
    ['a time to come', signed(at(9, { not_before: nowS + 7_200, not_after: nowS + 10_800 }))],
    ['more than a document may hold', JSON.stringify({ config: config.padEnd(20_000), signature })],
    ['an endless document', `{"config":"${'a'.repeat(5_000_000)}"}`],
    ['no document', 'null'],
    ['numbers', '{"config":1,"signature":2}'],
    ['a version below the least', signed(at(2))],
  ])('cannot steer an agent with %s', async (_, document) => {
    const one = await steered(document, { minConfigVersion: 3 });
    expect(one.versions()).toEqual([]);
    one.agent.fail(failureAt(one.clock.nowMs));
    expect(one.agent.preview().next.failures).toMatchObject([{ sampling_ppm: 1_000_000 }]);
    one.c.config = good;
    await one.askAgain();
    expect(one.versions()).toEqual([5]);
  });

  it('cannot go back to an earlier version, nor after the later one is over, nor at another page, nor with another text of the same version', async () => {
    const short = at(7, { reports_ppm: 300_000, not_after: nowS + 7_200 });
    const one = await steered(signed(short));
    expect(one.versions()).toEqual([7]);
    for (const replayed of [good, signed({ ...short, reports_ppm: 100_000 })]) {
      one.c.config = replayed;
      await one.askAgain();
    }
    expect(one.versions()).toEqual([7]);
    one.agent.fail(failureAt(one.clock.nowMs));
    expect(one.agent.preview().next.failures.at(-1)?.sampling_ppm).toBe(1_000_000);

    const page = makePlace(
      [one.c.origin],
      { configKey: CONFIG_KEY.publicKey, consent: 'granted', receipt: RECEIPT },
      { store: one.store, random: () => 0.5, now: () => one.clock.nowMs, setTimer: one.clock.setTimer },
    );
    await page.agent.pending();
    one.c.config = good;
    await one.askAgain();
    await settle(100);
    expect(page.events.filter(({ kind }) => kind === 'steered')).toEqual([]);
    one.c.config = signed(configAt(one.clock.nowMs, 8, { reports_ppm: 300_000 }));
    await one.askAgain();
    expect(one.versions()).toEqual([7, 8]);
  });

  it('gains nothing from a clock that is set back: the version stays, and the time of a configuration is looked at anew', async () => {
    const one = await steered(signed(at(7, { reports_ppm: 300_000, not_after: nowS + 7_200 })));
    one.clock.nowMs += 3 * DAY_MS;
    one.agent.fail(failureAt(one.clock.nowMs));
    expect(one.agent.preview().next.failures.at(-1)?.sampling_ppm).toBe(1_000_000);
    one.clock.nowMs -= 3 * DAY_MS;
    one.c.config = good;
    await one.askAgain();
    expect(one.versions()).toEqual([7]);
  });

  it('loses the agent at the withdrawal: nothing of it stays', async () => {
    const one = await steered(good);
    expect(await one.store.get('config')).toBeDefined();
    await one.agent.setConsent('denied');
    expect(await one.store.entries('')).toEqual([]);
    const before = one.asked();
    await one.clock.advance(5 * HOUR_MS);
    expect(one.asked()).toBe(before);
  });
});

describe('the part that follows the configuration', () => {
  it('holds up no report for more than three seconds where it does not come', async () => {
    const clock = makeClock();
    const { platform } = makePlace(['https://c1.example.net'], {}, { setTimer: clock.setTimer, networkTimer: clock.setTimer });
    const options = checkOptions(optionsFor(['https://c1.example.net'], { configKey: CONFIG_KEY.publicKey }), 'sdk-browser');
    const nothing = (): void => undefined;
    const grant = makeGrant({ options, platform, epoch: 0, onGone: nothing, emit: nothing, lose: nothing });
    const steering = makeSteering(grant, () => new Promise(() => undefined));
    const ready = steering.ready.then(() => 'ready');
    expect(await Promise.race([ready, settle(20)])).toBeUndefined();
    clock.step(3_000);
    expect(await ready).toBe('ready');
    expect(steering.recipientKey()).toBe(options.recipientKey);
    grant.end();
  });
});

describe('an agent without a configKey', () => {
  it('asks for no configuration', async () => {
    const c = await startCollector();
    open.push(c);
    const { agent, clock } = makePlace([c.origin]);
    await agent.setConsent('granted', RECEIPT);
    await agent.pending();
    await clock.advance(3 * HOUR_MS);
    expect(c.requests.filter(({ url }) => url.includes('config'))).toEqual([]);
  });
});
