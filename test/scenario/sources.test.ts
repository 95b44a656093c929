/**
 * Rows of browsers' own Network Error Logging and of probers are evidence of their own. Every question about clients is asked in the real engine
 * before and after such rows came, from places, releases and times where no client was: its answer stays what it was.
 */
import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { insertRows, migrate, refreshRollups, type ReportRow, type RowTable } from '@outcry/storage';
import { ask } from '../../analyzer/src/queries/ask.js';
import type { Question } from '../../analyzer/src/queries/ask.js';
import { EVERYWHERE } from '../../analyzer/src/queries/in-places.js';
import { storedHistory } from '../../analyzer/src/backtest/stored-history.js';
import { attemptRow, deliveryRow, reportRow } from './storage-rows.js';
import { buildStorage, openStorage, type OpenStorage } from './storage-fixture.js';

const NOW = Math.floor(Date.now() / 10_000) * 10;
const START = NOW - 1_200;
let open: OpenStorage;
let nextId = 10;

const at = (time: number): { event_time: number; received_at: number; sealed_day: number } => ({
  event_time: time,
  received_at: time + 10,
  sealed_day: Math.floor(time / 86_400),
});
const id = (): string => String(nextId++);
const report = (time: number, change: Partial<ReportRow>): ReportRow =>
  reportRow({ occurred_at: time, ...at(time), signer: id(), report_id: id(), ...change });

/** `bank` tells no attempts: its places are known by its failures. */
const ofAgents = async (): Promise<void> => {
  const times = [START, START + 300, START + 600];
  await put('reports', [
    ...times.map((t) => report(t, {})),
    ...times.map((t) => report(t, { project: 'bank', network: 'AS1136/NL', country: 'NL', release: '7.0' })),
  ]);
  await put(
    'attempts',
    times.map((t) => attemptRow({ bin_start: Math.floor(t / 300) * 300, ...at(t), signer: id(), attempt_id: id() })),
  );
  await put('deliveries', [{ ...deliveryRow(), sent_at: START, ...received(START), delivery_id: id() }]);
};
const received = (time: number): { received_at: number; sealed_day: number } => ({
  received_at: time + 10,
  sealed_day: Math.floor(time / 86_400),
});

/** Half an hour earlier and again in the spike, elsewhere, in another release, much later on their way. */
const ofOthers = async (): Promise<void> => {
  const elsewhere = {
    network: 'AS64500/FR',
    country: 'FR',
    release: 'probe-1',
    lateness_s: 100,
    weight: 7,
    type: 'dns.name_not_resolved',
  } as const;
  const times = [START - 1_800, START - 1_500, START + 10, START + 310];
  for (const project of ['shop', 'bank'])
    for (const source of ['nel', 'probe'] as const) {
      await put(
        'reports',
        times.map((t) => report(t, { ...elsewhere, project, source })),
      );
      if (source !== 'probe') continue;
      const bins = times.map((t) => ({ bin_start: Math.floor(t / 300) * 300, ...at(t), signer: id(), attempt_id: id() }));
      const { network, country, release, weight } = elsewhere;
      await put(
        'attempts',
        bins.map((bin) => attemptRow({ project, source, network, country, release, weight, ...bin })),
      );
      await put(
        'deliveries',
        times.map((t) => ({ ...deliveryRow(), project, source, sent_at: t, ...received(t), delivery_id: id() })),
      );
    }
};
const put = async (table: RowTable, rows: readonly object[]): Promise<void> =>
  insertRows(open.client, table, rows as never, `${table}-${id()}`);

const subject = { project: 'shop', host: 'api.shop.example', kind: 'routing', network: '', country: '', release: '' };
const span = { from: START - 3_600, to: NOW, before: START - 3_600, start: START, width: 600 };
const asked = {
  ...subject,
  ...span,
  recent: START - 3_600,
  until: NOW,
  failuresFrom: START - 3_600,
  except: '',
  ...EVERYWHERE,
  masking: [],
  limit: 100,
  id: '',
};

/** Those that are not about clients, or about all who send. */
const ABOUT_OTHERS = new Set(['nelByType', 'probersOfHost', 'collectorsHeard', 'collectorLags', 'liveReports']);

async function questions(): Promise<Map<string, Question<Record<string, unknown>, object>>> {
  const found = new Map<string, Question<Record<string, unknown>, object>>();
  const folder = new URL('../../analyzer/src/queries/', import.meta.url);
  for (const file of await readdir(folder)) {
    const exported = (await import(new URL(file, folder).pathname)) as Record<string, unknown>;
    for (const [name, value] of Object.entries(exported))
      if (typeof value === 'object' && value !== null && 'sql' in value)
        found.set(name, value as Question<Record<string, unknown>, object>);
  }
  return found;
}

const sorted = (rows: readonly unknown[]): string[] => rows.map((row) => JSON.stringify(row)).sort();
async function answers(): Promise<Record<string, string[]>> {
  const answered: Record<string, string[]> = {};
  for (const [name, question] of await questions()) answered[name] = sorted(await ask(open.client, question, asked));
  const told = [];
  const projects = { shop: ['api.shop.example'], bank: ['api.shop.example'] };
  for await (const row of storedHistory(open.client, { projects, fromMs: (NOW - 86_400) * 1000, toMs: (NOW + 86_400) * 1000 }))
    told.push(row);
  answered['storedHistory'] = sorted(told.map((row) => ({ ...row, arrived: 0 })));
  return answered;
}

let before: Record<string, string[]>;
let after: Record<string, string[]>;

beforeAll(async () => {
  await buildStorage();
  open = await openStorage();
  await migrate(open.client);
  await ofAgents();
  await refreshRollups(open.client, { nowMs: Date.now() });
  before = await answers();
  await ofOthers();
  await refreshRollups(open.client, { nowMs: Date.now() });
  after = await answers();
});
afterAll(() => open.close());

describe('a question about clients', () => {
  it('is answered as if there were no rows of NEL and probers', () => {
    expect(Object.keys(before).length).toBeGreaterThan(25);
    for (const name of Object.keys(before)) if (!ABOUT_OTHERS.has(name)) expect.soft([name, after[name]]).toEqual([name, before[name]]);
  });

  it.each(['knownPlaces', 'sharesOfPlaces', 'firstHeard', 'pathOfPlace', 'attemptsPerBin', 'failureCells', 'clientsByKind', 'inventory'])(
    '%s has something to answer',
    (name) => {
      expect(before[name]?.length).toBeGreaterThan(0);
    },
  );

  it('hears browsers and probers where it asks for them', () => {
    expect(after['nelByType']).not.toEqual(before['nelByType']);
    expect(after['probersOfHost']).not.toEqual(before['probersOfHost']);
  });
});
