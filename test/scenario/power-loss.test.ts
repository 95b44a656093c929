/**
 * The order that a power loss leaves no choice about: what an upload became is written, then flushed, then answered. Read from the system
 * calls of a real collector with two workers. A kill cannot show this: what was written survives it, flushed or not.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dedupKey } from '@outcry/protocol/open';
import { plainOptions, post, removeDirectory, seal, temporaryDirectory } from '../unit/collector/sealed.js';
import { buildCollector } from './storage-fixture.js';
import { readTrace, type Call } from './strace.js';

const STRACE = process.env['OUTCRY_STRACE'];
const ENVELOPES = 25;
const ID = [8, 24] as const;
let directory: string;
let child: ChildProcess | undefined;

beforeAll(async () => {
  await buildCollector();
  directory = await temporaryDirectory();
});
afterAll(async () => {
  child?.kill('SIGKILL');
  await removeDirectory(directory);
});

/** A collector under strace that sends nothing to storage: what is flushed after an upload is flushed for it. */
async function startTraced(output: string): Promise<string> {
  const limits = { uploadBurst: 1e6, uploadsPerSecond: 1e6, minFreeBytes: 0 };
  const plain = plainOptions(join(directory, 'data'), { limits });
  const settings = JSON.stringify({ ...plain, workers: 2, connection: { url: 'http://127.0.0.1:9' } });
  const script = fileURLToPath(new URL('./collector-process.mjs', import.meta.url));
  const traced = 'trace=pwrite64,pwritev,pwritev2,write,writev,fdatasync,fsync,read';
  const args = ['-f', '-y', '-e', traced, '-xx', '-s', '40000', '-o', output, process.execPath, script, settings];
  child = spawn(STRACE ?? 'strace', args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const [{ url }] = (await once(child, 'message')) as [{ url: string }];
  return url;
}

describe.skipIf(STRACE === undefined)('the system calls of a collector (needs strace)', () => {
  it('show every 204 behind a flush that began after its envelope was written, for first uploads and duplicates on any worker', async () => {
    const output = join(directory, 'trace');
    const url = await startTraced(output);
    const envelopes = await Promise.all(Array.from({ length: ENVELOPES }, () => seal()));
    const send = async (envelope: Buffer): Promise<void> => {
      expect((await post(url, envelope, { connection: 'close' })).status).toBe(204);
    };
    // Three at the same moment, on connections that go round the workers, and one when all is written.
    for (const envelope of envelopes) await Promise.all([send(envelope), send(envelope), send(envelope)]);
    for (const envelope of envelopes) await send(envelope);
    child?.disconnect();
    await once(child as ChildProcess, 'exit');

    const calls = readTrace(await readFile(output, 'latin1'));
    const isJournal = ({ file }: Call): boolean => file.endsWith('/journal.lmdb');
    const writes = calls.filter((call) => isJournal(call) && /^p?write/.test(call.name));
    const flushes = calls.filter((call) => isJournal(call) && call.name === 'fdatasync');
    const answers = calls.filter(({ name, data }) => /^write/.test(name) && data.includes('HTTP/1.1 204'));
    expect(answers).toHaveLength(ENVELOPES * 4);
    let checked = 0;
    for (const envelope of envelopes) {
      const id = envelope.toString('latin1', ...ID);
      const written = writes.find(({ data }) => data.includes(dedupKey(envelope).toString('latin1')));
      expect(written, 'no write of the envelope to the journal').toBeDefined();
      const sockets = calls.filter(({ name, data }) => name === 'read' && data.includes(id)).map(({ file }) => file);
      for (const answer of answers.filter(({ file }) => sockets.includes(file))) {
        const flushed = flushes.some(({ begun, ended }) => begun > (written?.ended ?? Infinity) && ended < answer.begun);
        expect(flushed, 'a 204 before its flush').toBe(true);
        checked += 1;
      }
    }
    expect(checked).toBe(ENVELOPES * 4);
    // The file itself has to be found again, too.
    const made = calls.find((call) => call.name === 'fsync' && call.file.endsWith('/journal'));
    expect(made?.ended ?? Infinity).toBeLessThan(answers[0]?.begun ?? 0);
    expect(new Set(answers.map(({ pid }) => pid)).size).toBe(2);
  });
});
