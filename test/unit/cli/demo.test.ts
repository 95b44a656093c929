import { createServer as createHttpServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createReadStream, readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { createRequire } from 'node:module';
import { afterEach, describe, expect, it } from 'vitest';
import { startEdge, type Edge } from '../../../cli/src/demo/edge.js';
import { chooseNetwork } from '../../../cli/src/demo/fault.js';
import { listenKeys } from '../../../cli/src/demo/keyboard.js';
import { makeFleetClock } from '../../../cli/src/demo/fleet-clock.js';
import { planAgents, STOP_GRACE_MS } from '../../../cli/src/demo/fleet.js';
import { drawAddresses, largestRange, NETWORKS, spreadAddresses } from '../../../cli/src/demo/networks.js';
import { GRACE_MS } from '../../../cli/src/demo/run-demo.js';
import { spikeChanges, type SpikeSummary } from '../../../cli/src/demo/spikes.js';
import { TallyBoard } from '../../../cli/src/demo/tally-board.js';
import { makeWay, visit } from '../../../cli/src/demo/visit.js';
import { makeStack, Stopped } from '../../../cli/src/services/stack.js';
import { TERM_GRACE_MS } from '../../../storage/src/supervise.js';
import { freePort } from '../../free-port.js';

describe('a fleet clock', () => {
  it('stands until it is advanced, and fires timers in order of time, also those set on the way', () => {
    const clock = makeFleetClock(1_000_000, () => 2_000_000);
    const fired: string[] = [];
    clock.setTimer(() => fired.push(`late ${clock.now()}`), 9_000);
    clock.setTimer(() => {
      fired.push(`early ${clock.now()}`);
      clock.setTimer(() => fired.push(`next ${clock.now()}`), 4_000);
    }, 3_000);
    const cancel = clock.setTimer(() => fired.push('never'), 5_000);
    cancel();
    expect(clock.now()).toBe(1_000_000);
    clock.advance(1_010_000);
    expect(fired).toEqual(['early 1003000', 'next 1007000', 'late 1009000']);
    expect(clock.now()).toBe(1_010_000);
  });

  it('keeps what is still to come when it goes live', async () => {
    let machineMs = 5_000_000;
    const clock = makeFleetClock(4_999_000, () => machineMs);
    const fired = new Promise<string>((resolve) => clock.setTimer(() => resolve('fired'), 1_005));
    const never = clock.setTimer(() => expect.fail('was cancelled'), 1_001);
    clock.goLive();
    never();
    machineMs += 1;
    expect(clock.isLive()).toBe(true);
    expect(clock.now()).toBe(5_000_001);
    const holding = setTimeout(() => undefined, 1000);
    expect(await fired).toBe('fired');
    clearTimeout(holding);
  });
});

describe('the networks of the demo', () => {
  const require = createRequire(new URL('../../../cli/package.json', import.meta.url));
  const csv = readFileSync(require.resolve('@ip-location-db/asn/asn-ipv4-num.csv'));

  it('are in the network data with room for a /24 for each client', () => {
    for (const { asn } of NETWORKS) {
      const range = largestRange(csv, asn);
      expect(range && range.end - range.start, `AS${asn}`).toBeGreaterThan(256 * 400);
    }
  });

  it('get addresses inside the range, each in a /24 of its own', () => {
    const addresses = spreadAddresses({ start: 0x0a000000, end: 0x0a00ffff }, 100);
    expect(new Set(addresses.map((address) => address.split('.').slice(0, 3).join('.'))).size).toBe(100);
    for (const address of addresses) expect(address).toMatch(/^10\.0\.\d+\.\d+$/);
  });

  it('take a line of the data by its third column only', () => {
    const data = Buffer.from('10,20,77,"A"\n30,3320,99,"Seven ,3320, Ltd"\n50,90,3320,"B"\n100,110,3320,"C"\n');
    expect(largestRange(data, 3320)).toEqual({ start: 50, end: 90 });
    expect(largestRange(data, 1)).toBeUndefined();
  });

  it('share the agents out evenly', () => {
    expect(drawAddresses(242).map(({ addresses }) => addresses.length)).toEqual([41, 41, 40, 40, 40, 40]);
    const plans = planAgents(60);
    expect(new Set(plans.map(({ id }) => id)).size).toBe(60);
    expect(new Set(plans.slice(0, 6).map(({ network }) => network)).size).toBe(6);
    expect(plans.filter(({ release }) => release === '4.2.0')).toHaveLength(12);
  });
});

describe('an edge', () => {
  let shop: Server | undefined;
  let edge: Edge | undefined;
  afterEach(async () => {
    await edge?.close();
    shop?.closeAllConnections();
    shop?.close();
  });
  const start = async (): Promise<number> => {
    shop = createHttpServer((_request, response) => response.end('ok'));
    const here = shop;
    await new Promise<void>((resolve) => here.listen(0, '127.0.0.1', resolve));
    const target = { host: '127.0.0.1', port: (here.address() as AddressInfo).port };
    const port = await freePort('127.0.1.9');
    edge = await startEdge({ host: '127.0.1.9', port, target });
    return port;
  };

  it('lets through, falls silent, refuses, and lets through again', async () => {
    const port = await start();
    const way = makeWay('127.0.1.9');
    // Whoever is to be answered has all the patience that a slow machine needs.
    const go = (patienceMs = 15_000): Promise<string> => visit(way, port, patienceMs, () => 0.5);
    expect(await go()).toBe('answered');
    await edge?.set('mute');
    const before = performance.now();
    expect(await go(250)).toBe('failed');
    expect(performance.now() - before).toBeGreaterThan(200);
    await edge?.set('open');
    expect(await go()).toBe('answered');
    await edge?.set('closed');
    expect(await go()).toBe('failed');
    await edge?.set('open');
    expect(await go()).toBe('answered');
    way.destroy();
  });
});

const spike = (more: Partial<SpikeSummary>): SpikeSummary => ({
  id: 's1',
  project: 'shop',
  host: 'h',
  kind: 'timeout',
  network: null,
  state: 'open',
  started_at: '2026-01-01T00:00:00Z',
  ended_at: null,
  verdict: 'undetermined',
  sentence: '',
  ...more,
});

describe('spike changes', () => {
  it('are found, placed, judged anew and closed, and nothing for what was there at the start', () => {
    const first = spike({});
    const what = (before: SpikeSummary[] | undefined, now: SpikeSummary[]) => spikeChanges(before, now).map((change) => change.what);
    expect(what(undefined, [first])).toEqual([]);
    expect(what([], [first])).toEqual(['found']);
    expect(what([first], [first])).toEqual([]);
    expect(what([first], [spike({ network: 'AS1/DE' })])).toEqual(['placed']);
    expect(what([first], [spike({ verdict: 'outside' })])).toEqual(['judged']);
    expect(what([first], [spike({ state: 'closed' })])).toEqual(['closed']);
    expect(what([spike({ state: 'closed' })], [first])).toEqual(['found']);
    expect(what([], [spike({ state: 'closed' })])).toEqual([]);
  });
});

describe('the network to break', () => {
  it('is the first, or one that no recent spike is about', () => {
    expect(chooseNetwork([]).asn).toBe(3320);
    expect(chooseNetwork([spike({ network: 'AS3320/DE' })]).asn).toBe(7922);
    const all = NETWORKS.map(({ asn, country }, n) => spike({ network: `AS${asn}/${country}`, started_at: `2026-01-0${9 - n}T00:00:00Z` }));
    expect(chooseNetwork(all).asn).toBe(28573);
  });
});

describe('the tally board', () => {
  it('adds up by network and time, and forgets', () => {
    const board = new TallyBoard(1000);
    board.add([{ network: 'a', made: 3, failed: 1 }], 100);
    board.add(
      [
        { network: 'a', made: 2, failed: 2 },
        { network: 'b', made: 5, failed: 0 },
      ],
      900,
    );
    expect(board.since(0)).toEqual({ made: 10, failed: 3 });
    expect(board.since(500, 'a')).toEqual({ made: 2, failed: 2 });
    board.add([], 1500);
    expect(board.since(0)).toEqual({ made: 7, failed: 2 });
  });
});

describe('a stack', () => {
  it('stops the last level first, and what was still starting', async () => {
    const stopped: string[] = [];
    const stack = makeStack(new Promise(() => undefined), () => undefined);
    await stack.add(1, 'storage', Promise.resolve('storage'), (name) => Promise.resolve(stopped.push(name)));
    await stack.add(2, 'shop', Promise.resolve('shop'), (name) => Promise.resolve(stopped.push(name)));
    void stack.add(2, 'slow', new Promise((resolve) => setTimeout(resolve, 20, 'slow')), (name) =>
      Promise.resolve(stopped.push(String(name))),
    );
    await stack.stop();
    expect(stopped).toEqual(['shop', 'slow', 'storage']);
  });

  it('gives up waiting for a start when the stop comes, and says a stop that fails', async () => {
    const said: string[] = [];
    let stop: (value: unknown) => void = () => undefined;
    const stack = makeStack(new Promise((resolve) => (stop = resolve)), (line) => said.push(line));
    const adding = stack.add(1, 'x', new Promise((resolve) => setTimeout(resolve, 20, 'x')), () => Promise.reject(new Error('no')));
    stop(undefined);
    await expect(adding).rejects.toBeInstanceOf(Stopped);
    await stack.stop();
    expect(said).toEqual(['x did not stop cleanly: no']);
  });
});

describe('the demo', () => {
  it('gives its levels together no more than the 5 s in which it promises to be gone', () => {
    expect(Math.max(GRACE_MS, STOP_GRACE_MS) + GRACE_MS + TERM_GRACE_MS).toBeLessThanOrEqual(5_000);
  });
});

describe('the keyboard', () => {
  it('takes single keys, and Ctrl-C of a raw terminal as q', async () => {
    const modes: boolean[] = [];
    const terminal = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (mode: boolean) => modes.push(mode) });
    const keys: string[] = [];
    const keyboard = listenKeys((key) => keys.push(key), terminal);
    terminal.write('fx\u0003');
    await new Promise((resolve) => setImmediate(resolve));
    keyboard.stop();
    terminal.write('f');
    expect(keys).toEqual(['f', 'x', 'q']);
    expect(modes).toEqual([true, false]);
  });

  it('lives with a file as standard input', async () => {
    const file = createReadStream('/dev/null');
    const keyboard = listenKeys(() => expect.fail('no key was pressed'), file);
    await new Promise<void>((resolve) => file.once('close', () => resolve()));
    keyboard.stop();
  });
});
