/**
 * A bounded part of the lab: real faults in Chromium, Firefox and Node. It asserts kinds, and types only where the engine names them
 * itself; `npm run lab` prints all the rest.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Kind } from '@outcry/protocol';
import { LAB_PROGRAMS } from '../../scripts/programs.mjs';
import type { Engine, Seen } from './engine.js';
import type { Judged } from './judge.js';
import { obstacle } from './private-world.mjs';
import { stuckMs } from './stuck.js';

/** What must be said: by Node, and by pages that know two landmarks. Undefined is not asserted, null is nothing. */
const EXPECTED: Readonly<Record<string, { readonly node?: Kind | null; readonly chromium?: Kind | null; readonly firefox?: Kind | null }>> =
  {
    nxdomain: { node: 'dns' },
    servfail: { node: 'dns' },
    'hijack-stranger': {},
    blackhole: { node: 'routing' },
    'host-unreachable': { node: 'routing' },
    'port-closed': { node: 'routing' },
    'one-address-closed': { chromium: null, firefox: null },
    'worker-closed': {},
    'reset-after-hello': { node: 'tls' },
    'cert-expired': { node: 'tls' },
    'cert-wrong-name': { node: 'tls' },
    'cert-revoked': {},
    'tls-stall': {},
    'http-stall': { node: 'timeout' },
    'empty-reply': { node: 'http' },
    'reset-at-request': { node: 'http' },
    'http-503': { node: 'http', chromium: 'http', firefox: 'http' },
    'h2-reset-stream': {},
    'link-down': { node: 'offline', chromium: 'offline', firefox: 'offline' },
    'resolver-closed': { node: 'offline', chromium: 'offline', firefox: 'offline' },
    'captive-portal': { node: 'offline', chromium: 'offline', firefox: 'offline' },
    none: { node: null, chromium: null, firefox: null },
    'given-up': { node: null, chromium: null, firefox: null },
    leaves: { chromium: null, firefox: null },
    csp: { chromium: 'blocked', firefox: 'blocked' },
    'mixed-content': { chromium: 'blocked', firefox: 'blocked' },
  };
/** Node names these itself. */
const NODE_TYPES: Readonly<Record<string, string>> = {
  nxdomain: 'dns.name_not_resolved',
  'port-closed': 'tcp.refused',
  'host-unreachable': 'tcp.address_unreachable',
  'cert-expired': 'tls.cert.date_invalid',
  'cert-wrong-name': 'tls.cert.name_invalid',
  'http-503': 'http.error',
};
const ROUND_TRIP_MS = '80';
const SURE = 0.9;

interface Row {
  readonly fault: string;
  readonly engine: Engine;
  readonly seen: Seen;
  readonly judged: Judged;
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/** WebKitGTK has no part here: it would need a display and its driver. */
const ENGINES: readonly Engine[] = ['chromium', 'firefox', 'node-fetch', 'node-https'];
/** What the run takes on a busy machine, and what two stuck browsers cost besides. */
const LIMIT_MS = 400_000 + 2 * stuckMs(ENGINES.length);

function runLab(over: AbortSignal): Promise<readonly Row[]> {
  const options = Object.keys(EXPECTED).flatMap((name) => ['--fault', name]);
  const engines = ENGINES.flatMap((engine) => ['--engine', engine]);
  const args = ['test/lab/run.mjs', '--json', '--landmarks', 'two', '--rtt', ROUND_TRIP_MS, '--worlds', '2', ...engines, ...options];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  // Its world ends with it.
  over.addEventListener('abort', () => child.kill('SIGTERM'));
  let output = '';
  let errors = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
  return new Promise((resolve, reject) => {
    child.on('close', (code) => {
      if (code === 0) resolve((JSON.parse(output) as { rows: readonly Row[] }).rows);
      else reject(new Error(`the lab ended with ${code}\n${errors}`));
    });
  });
}

const why = obstacle(LAB_PROGRAMS);

describe.skipIf(why !== undefined)(`the fault lab${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
  let rows: readonly Row[] = [];
  const over = new AbortController();
  beforeAll(async () => {
    rows = await runLab(over.signal);
  }, LIMIT_MS);
  afterAll(() => over.abort());

  const said = (fault: string, isOf: (engine: Engine) => boolean) => {
    const own = rows.filter((row) => row.fault === fault && isOf(row.engine));
    expect(own.length).toBeGreaterThan(0);
    return own.map(({ engine, seen: { diagnosis } }) => ({ engine, diagnosis }));
  };
  const isNode = (engine: Engine): boolean => engine.startsWith('node');

  it('makes at least 20 faults in Chromium, Firefox and Node', () => {
    for (const engine of ENGINES) expect(rows.filter((row) => row.engine === engine).length).toBeGreaterThanOrEqual(20);
  });

  it(`tells no wrong kind at confidence ≥ ${SURE}`, () => {
    const wrong = rows.filter(({ judged, seen }) => judged.kind === 'wrong' && (seen.diagnosis?.confidence ?? 0) >= SURE);
    // In words, whole: the log of a run is often all that is left of it.
    expect(wrong.map(({ fault, engine, seen }) => `${fault}, ${engine}: ${JSON.stringify(seen.diagnosis)}`).join('\n')).toBe('');
  });

  for (const [fault, kinds] of Object.entries(EXPECTED))
    for (const [engine, kind] of Object.entries(kinds))
      it(`${fault}: ${engine} says ${kind ?? 'nothing'}`, () => {
        for (const { diagnosis } of said(fault, engine === 'node' ? isNode : (one) => one === engine))
          expect(diagnosis?.kind ?? null).toBe(kind);
      });

  for (const [fault, type] of Object.entries(NODE_TYPES))
    it(`${fault}: Node names ${type}`, () => {
      for (const { diagnosis } of said(fault, isNode)) expect(diagnosis?.type).toBe(type);
    });
});
