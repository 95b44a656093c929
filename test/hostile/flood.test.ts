/**
 * Honest uploads amid a flood of every sort of junk, against a collector in a process of its own. What the junk costs by itself is
 * measured without honest uploads, and taken off: what is left is what an honest upload costs while the flood runs.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dedupKey } from '@outcry/protocol/open';
import { migrate } from '@outcry/storage';
import { unpackEntry } from '../../collector/src/journal/entry.js';
import { openJournal } from '../../collector/src/journal/journal.js';
import { limitMs, sizeOf } from '../long.js';
import { openStorage, type OpenStorage } from '../scenario/storage-fixture.js';
import { body, failure, newSigner, options, removeDirectory, seal, startCollector, temporaryDirectory } from '../unit/collector/sealed.js';
import { interleave, sendAll, type Upload } from './flood-load.js';
import { FLOODS } from './junk.js';

const JUNK = sizeOf('junkUploads');
/** Honest uploads by themselves, junk by itself, both together: in turns, so that a busier minute of the machine meets all three. */
const TURNS = 4;
const HONEST = Math.ceil(JUNK / 5 / TURNS);
/** Different uploads of one variant; what was refused is not remembered, so each is as good as new. */
const POOL = 4;
const MAX_RATIO = 1.5;
/** Stated in docs/reference/collector.md. */
const MAX_MIB = 256;

let directory: string;
let child: ChildProcess;
let url: string;
let engine: OpenStorage;
let peakMiB = 0;
const honestKeys = new Set<string>();

beforeAll(async () => {
  directory = await temporaryDirectory();
  engine = await openStorage();
  await migrate(engine.client, {});
  const plain = { ...options(directory, { trustProxy: ['127.0.0.0/8'] }), storage: undefined, log: undefined };
  // No storage there: what is in the journal stays there until it has been counted.
  const connection = { url: 'http://127.0.0.1:9' };
  child = fork(new URL('collector-process.mjs', import.meta.url), [JSON.stringify({ ...plain, connection })], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  [{ url }] = (await once(child, 'message')) as [{ url: string }];
}, 120_000);
afterAll(async () => {
  child.kill('SIGKILL');
  await engine.close();
  await removeDirectory(directory);
});

async function cpuUs(): Promise<number> {
  child.send('cpu');
  const [{ cpuUs }] = (await once(child, 'message')) as [{ cpuUs: number }];
  return cpuUs;
}

/** Memory of the collector without file-backed pages, as the kernel counts it. */
function lookAtMemory(): void {
  const status = readFileSync(`/proc/${child.pid ?? 0}/status`, 'utf8');
  peakMiB = Math.max(peakMiB, Number(/RssAnon:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
}

let signers: Awaited<ReturnType<typeof newSigner>>[];
let counter = 0;

/** Honest uploads from many networks: none comes near the limits of its prefix or its network. */
async function honestUploads(count: number): Promise<Upload[]> {
  const uploads: Upload[] = [];
  for (let index = 0; index < count; index += 1) {
    counter += 1;
    const failures = Array.from({ length: 10 }, (_, place) => failure({ elapsed_ms: place * 10, claimed_asn: counter }));
    const signer = signers[counter % signers.length];
    const bytes = await seal(body({ failures }), signer === undefined ? {} : { signer });
    honestKeys.add(dedupKey(bytes).toString('hex'));
    uploads.push({ bytes, from: `${80 + (counter % 16)}.${(counter * 7) % 256}.${(counter * 13) % 256}.9` });
  }
  return uploads;
}

/** Junk of one kind from 256 prefixes, most of one network. */
const junkUploads = (pool: readonly Buffer[], kind: number, count: number): Upload[] =>
  Array.from({ length: count }, (_, index) => ({
    bytes: pool[index % pool.length] ?? Buffer.alloc(0),
    from: `${144 + (kind % 8)}.${76 + (kind >> 3)}.${index % 256}.9`,
  }));

/** Processor time of one turn, over all kinds, in microseconds. */
interface Turn {
  alone: number;
  junk: number;
  both: number;
}
const turns: Turn[] = Array.from({ length: TURNS }, () => ({ alone: 0, junk: 0, both: 0 }));

async function used(uploads: readonly Upload[]): Promise<{ us: number; codes: string[] }> {
  const before = await cpuUs();
  const codes = await sendAll(url, uploads);
  const us = (await cpuUs()) - before;
  lookAtMemory();
  return { us, codes };
}

/**
 * Floods with one kind. Every answer to junk is one of its codes or a limit; every answer to an honest upload is 204.
 *
 * @returns processor time of one junk upload.
 */
async function flood({ variants }: (typeof FLOODS)[number], index: number): Promise<number> {
  const pool = await Promise.all(Array.from({ length: POOL }, () => variants.map(({ make }) => make())).flat());
  const allowed = new Set<string>([...variants.flatMap(({ codes }) => codes), 'rate_limited', 'overloaded', 'cut off']);
  const junk = junkUploads(pool, index, Math.ceil(JUNK / TURNS / 2));
  const isJunk = new Set(junk);
  let junkUs = 0;
  for (const turn of turns) {
    const alone = await used(await honestUploads(HONEST));
    expect(alone.codes.filter((code) => code !== 'stored')).toEqual([]);
    const byItself = await used(junk);
    for (const code of byItself.codes) expect(allowed).toContain(code);
    const mixed = interleave(await honestUploads(HONEST), junk);
    const both = await used(mixed);
    expect(mixed.flatMap((upload, place) => (isJunk.has(upload) || both.codes[place] === 'stored' ? [] : [both.codes[place]]))).toEqual([]);
    turn.alone += alone.us;
    turn.junk += byItself.us;
    turn.both += both.us;
    junkUs += byItself.us;
  }
  return junkUs / junk.length / TURNS;
}

describe(`a flood of ${JUNK} uploads of each of ${FLOODS.length} kinds of junk`, () => {
  it(
    'refuses no honest upload, makes it hardly dearer, holds the memory bound and stores nothing of the junk',
    async () => {
      signers = await Promise.all(Array.from({ length: 50 }, newSigner));
      await used(await honestUploads(500));
      const junkUs: number[] = [];
      for (const [index, kind] of FLOODS.entries()) junkUs.push(await flood(kind, index));
      const ratios = turns.map(({ alone, junk, both }) => (both - junk) / alone).sort((a, b) => a - b);
      const ratio = ratios[Math.floor((TURNS - 1) / 2)] ?? Number.NaN;
      const honestUs = turns.reduce((sum, { alone }) => sum + alone, 0) / (HONEST * TURNS * FLOODS.length);
      const costs = FLOODS.map(({ name }, index) => `  ${name}: ${((junkUs[index] ?? 0) / honestUs).toFixed(2)} × an honest upload`);
      console.log(
        [
          `flood: ${JUNK} junk uploads of each kind cost`,
          ...costs,
          `CPU per honest upload in the flood: ${ratio.toFixed(2)} × that without (bound ${MAX_RATIO}; turns ${ratios.map((one) => one.toFixed(2)).join(', ')})`,
          `memory at most ${peakMiB.toFixed(0)} MiB without file-backed pages (bound ${MAX_MIB})`,
        ].join('\n'),
      );
      expect(ratio).toBeLessThan(MAX_RATIO);
      expect(peakMiB).toBeLessThan(MAX_MIB);

      child.kill('SIGKILL');
      await once(child, 'exit');
      const journal = await openJournal(join(directory, 'journal', 'journal.lmdb'), { maxEntries: 1e9, maxBytes: 1e12 });
      const entries = [...journal.environment.queue.getRange()].map(({ value }) => Buffer.from(unpackEntry(value).dedup).toString('hex'));
      await journal.close();
      expect(entries).toHaveLength(honestKeys.size);
      expect(new Set(entries)).toEqual(honestKeys);

      const collector = await startCollector(options(directory, { storage: engine.client }));
      await collector.drained();
      await collector.close();
      const [rows] = await engine.ask<{ reports: string; signers: string }>('SELECT count() AS reports FROM reports');
      expect(Number(rows?.reports)).toBe(honestKeys.size * 10);
    },
    limitMs(600_000, 7_200_000),
  );
});
