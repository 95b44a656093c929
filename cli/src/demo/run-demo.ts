/**
 * The demo: everything that Outcry consists of on one machine, a shop, a fleet of real agents, two quiet hours, and then a real failure.
 * What is printed is what happens; nothing is simulated but the place of each client and the time of its first two hours.
 */
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { PAGE_PROJECT } from 'outcry-example-shop/hosts';
import { reportWords } from 'outcry-example-shop/words';
import { DEMO_PROJECTS, projectSchema, type Config } from '../config/schema.js';
import { prepareDataDir } from '../data-dir.js';
import { checkPorts } from '../ports.js';
import { loadKeys } from '../recipient-keys.js';
import { startAnalyzerProcess } from '../services/analyzer.js';
import { startCollectorProcess } from '../services/collectors.js';
import { followDevReports } from '../services/dev-reports.js';
import { makeStack, Stopped } from '../services/stack.js';
import { openStorage } from '../services/storage.js';
import { urlOf } from '../services/url-of.js';
import { supervise } from '../processes/supervise.js';
import { playFault } from './play-fault.js';
import { startFleet } from './fleet.js';
import { findHistoryGap } from './history.js';
import { listenKeys } from './keyboard.js';
import { makeLines } from './lines.js';
import { NETWORKS, labelOf } from './networks.js';
import type { SetEdge, ShopSettings } from './shop-process.js';
import { TallyBoard } from './tally-board.js';
import { SHOP_HOST } from './visit.js';

const SHOP_ADDRESS = '127.0.0.1';
const COLLECTOR_ADDRESSES = ['127.0.0.1', '127.0.0.2'] as const;
/** Share of the shop's answers that are a 503, as any real service has some. */
const SHOP_ERROR_SHARE = 0.005;
const FLEET_PROCESSES = 2;

/** Everything is to be gone within 5 s of Ctrl-C: each level of the stack gets its part. */
export const GRACE_MS = 1300;
const CLOSE_AFTER_MS = 400;

/** The settings as the demo needs them: its own projects, its shop's metrics, and the fleet's addresses believed. */
export function demoConfig(config: Config): Config {
  const shopUrl = `http://${SHOP_ADDRESS}:${config.demo.shop_port}`;
  const projects = Object.entries(DEMO_PROJECTS).map(([name, project]) => [name, projectSchema.parse(project)] as const);
  const { name, host, port, key_files, limits } = config.collector;
  return {
    ...config,
    projects: Object.fromEntries(projects),
    collector: { name, host, port, key_files, limits, workers: 1, stop_delay_s: 0, trust_proxy: ['127.0.0.0/8'] },
    analyzer: { ...config.analyzer, server_metrics: [{ project: 'shop', host: SHOP_HOST, url: `${shopUrl}/metrics` }] },
  };
}

export interface DemoSurroundings {
  readonly out: (line: string) => void;
  /** Resolves when the user asks for the end by a signal. */
  readonly stopSignal: Promise<unknown>;
}

/** Runs the demo until it is stopped. Resolves with the exit code; rejects with a coded error when something cannot start. */
export async function runDemo(given: Config, { out, stopSignal }: DemoSurroundings): Promise<number> {
  const config = demoConfig(given);
  const { demo, analyzer } = config;
  const collectorPlaces = [
    { name: 'c1', host: COLLECTOR_ADDRESSES[0], port: config.collector.port },
    { name: 'c2', host: COLLECTOR_ADDRESSES[1], port: demo.second_collector_port },
  ];
  prepareDataDir(config.data_dir, out);
  await checkPorts([
    { ...collectorPlaces[0], setting: 'OUTCRY_COLLECTOR_PORT' },
    { ...collectorPlaces[1], setting: 'OUTCRY_DEMO_SECOND_COLLECTOR_PORT' },
    { host: analyzer.host, port: analyzer.port, setting: 'OUTCRY_ANALYZER_PORT' },
    { host: SHOP_ADDRESS, port: demo.shop_port, setting: 'OUTCRY_DEMO_SHOP_PORT' },
    ...NETWORKS.map(({ edgeHost }) => ({ host: edgeHost, port: demo.shop_port, setting: 'OUTCRY_DEMO_SHOP_PORT' })),
  ] as Parameters<typeof checkPorts>[0]);
  const keys = loadKeys(config, { make: true });
  const recipientKey = keys[0]?.publicKey ?? '';

  const lines = makeLines(out);
  const { say, plain } = lines;
  const pressed = new EventTarget();
  const stopped = Promise.race([stopSignal, new Promise((resolve) => pressed.addEventListener('q', resolve, { once: true }))]);
  const keyboard = listenKeys((key) => pressed.dispatchEvent(new Event(key)));
  const ending = new AbortController();
  void stopped.then(() => ending.abort());
  const stack = makeStack(stopped, say);
  const logs = join(config.data_dir, 'logs');
  const output = openSync(join(logs, 'demo.log'), 'a', 0o600);

  try {
    plain('Outcry demo. Everything runs on this machine; all traffic stays on its loopback addresses.');
    lines.progress('starting storage …');
    const storage = await stack.add(1, 'storage', openStorage(config, { log: say }), (opened) => opened.close());
    plain(`  storage     ${storage.where}`);
    const surroundings = { storage: storage.connection, say, output, closeAfterMs: CLOSE_AFTER_MS };
    lines.progress('starting the collectors …');
    const collectors = await Promise.all(
      collectorPlaces.map((place) =>
        stack.add(2, `collector ${place.name}`, startCollectorProcess(config, place, keys, surroundings), (child) => child.stop(GRACE_MS)),
      ),
    );
    for (const child of collectors) plain(`  ${child.name} ${urlOf(child.facts)} (pid ${child.pid()})`);
    const collectorUrls = collectors.map(({ facts }) => urlOf(facts));

    const analyzerUrl = `http://${analyzer.host}:${analyzer.port}`;
    const shopSettings: ShopSettings = {
      shop: {
        host: SHOP_ADDRESS,
        port: demo.shop_port,
        collectors: collectorUrls,
        recipientKey,
        liveUrl: `${analyzerUrl}/live/${PAGE_PROJECT}`,
        errorShare: SHOP_ERROR_SHARE,
      },
      edgeHosts: NETWORKS.map(({ edgeHost }) => edgeHost),
    };
    const shopModule = new URL('./shop-process.js', import.meta.url);
    const shop = await stack.add(3, 'shop', supervise({ name: 'shop', module: shopModule, settings: shopSettings, say, output }), (child) =>
      child.stop(GRACE_MS),
    );
    plain(`  shop        ${urlOf(shop.facts)} (pid ${shop.pid()}), and one way into it for each network:`);
    for (const network of NETWORKS) plain(`                ${network.edgeHost}:${demo.shop_port}  ${labelOf(network)} ${network.name}`);

    const historyFromMs = await findHistoryGap(storage.client, demo.history_minutes, Date.now());
    const board = new TallyBoard();
    const fleet = await stack.add(
      3,
      'fleet',
      startFleet({
        agents: demo.agents,
        processes: FLEET_PROCESSES,
        shopPort: demo.shop_port,
        collectors: collectorUrls,
        recipientKey,
        historyFromMs,
        output,
        onProgress: (line) => lines.progress(line),
        onTally: (tallies) => board.add(tallies, Date.now()),
        onGone: (why) => say(`a part of the fleet ended by itself (${why}); its clients are silent from now on`),
      }),
      (started) => started.stop(),
    );
    plain(`  fleet       ${demo.agents} clients with a real agent each, in ${fleet.pids.length} processes (pids ${fleet.pids.join(', ')})`);
    if (historyFromMs === null) say('history: enough is there from an earlier start');
    else {
      const minutes = Math.round((Date.now() - historyFromMs) / 60_000);
      say(
        `history: the ${minutes} minutes before now are being made. The agents' clocks are shifted; their requests, failures, reports and their`,
      );
      say('         way through the collectors are real. They deliver at the end, like devices that were offline.');
    }
    const startedMs = Date.now();
    const live = await Promise.race([fleet.live, stopped.then(() => Promise.reject(new Stopped()))]);
    if (historyFromMs !== null) {
      const seconds = Math.round((Date.now() - startedMs) / 1000);
      say(
        `history is made in ${seconds} s: ${live.requests} requests, ${live.failed} failed, ${live.delivered} envelopes delivered, ${live.kept} waiting`,
      );
    }

    const analyzing = await stack.add(3, 'analyzer', startAnalyzerProcess(config, surroundings), (child) => child.stop(GRACE_MS));
    plain(`  analyzer    ${urlOf(analyzing.facts)} (pid ${analyzing.pid()})`);
    say(`live: every client visits the shop about once a minute. Open ${urlOf(shop.facts)} to fail requests yourself.`);
    const showing = followDevReports(storage.client, { sinceMs: Date.now(), signal: ending.signal }, (report) =>
      say(`${report.project}: ${reportWords(report)}; collector ${report.collector} took it`),
    );
    const setEdge = (edgeHost: string, state: SetEdge['state']): void => shop.tell({ edgeHost, state } satisfies SetEdge);
    await Promise.race([
      stopped,
      showing.then(() => stopped),
      playFault({
        analyzerUrl: urlOf(analyzing.facts),
        quietS: demo.quiet_s,
        fault: demo.fault,
        say,
        board,
        pressed,
        setEdge,
        signal: ending.signal,
      }),
    ]);
    return 0;
  } catch (error) {
    if (error instanceof Stopped) return 0;
    throw error;
  } finally {
    ending.abort();
    keyboard.stop();
    const startedMs = Date.now();
    plain('stopping …');
    await stack.stop();
    closeSync(output);
    plain(`everything is stopped after ${((Date.now() - startedMs) / 1000).toFixed(1)} s; the data stays in ${config.data_dir}`);
  }
}
