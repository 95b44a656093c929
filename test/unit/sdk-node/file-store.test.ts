import { fork } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeFileStore } from '../../../sdk-node/src/file-store.js';
import { init } from '../../../sdk-node/src/index.js';
import { KEYS, problem, startCollector } from '../sdk-core/collector.js';
import { limitMs, sizeOf } from '../../long.js';
import { settle, until } from '../sdk-core/place.js';

let dir = '';
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'outcry-store-'))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const root = new URL('../../../', import.meta.url).pathname;

/** The agent as one plain file, for child processes that cannot read TypeScript. */
let bundleDir = '';
beforeAll(async () => {
  bundleDir = mkdtempSync(join(tmpdir(), 'outcry-bundle-'));
  symlinkSync(join(root, 'node_modules'), join(bundleDir, 'node_modules'));
  const source = (room: string): string => `${root}${room}/src/index.ts`;
  await build({
    logLevel: 'error',
    configFile: false,
    resolve: {
      alias: [
        { find: /^@outcry\/protocol\/(.+)$/, replacement: `${root}protocol/src/$1.ts` },
        { find: '@outcry/protocol', replacement: source('protocol') },
        { find: '@outcry/core', replacement: source('sdk-core') },
      ],
    },
    build: {
      ssr: source('sdk-node'),
      outDir: bundleDir,
      target: 'node20',
      rollupOptions: { output: { entryFileNames: 'agent.mjs', chunkFileNames: '[name].mjs' } },
    },
    ssr: { noExternal: true, external: ['cbor-x'] },
  });
});
afterAll(() => rmSync(bundleDir, { recursive: true, force: true }));

const script = (body: string): string => {
  const path = join(bundleDir, `child-${Math.random().toString(36).slice(2)}.mjs`);
  writeFileSync(path, `import { init } from './agent.mjs';\n${body}`);
  return path;
};

const optionsFor = (collector: string, store: string) => ({
  project: 'shop',
  release: '1.0.0',
  hosts: ['nope.invalid'],
  collectors: [collector],
  witnesses: [],
  recipientKey: KEYS.publicKey,
  consent: 'granted' as const,
  store,
});

describe('the file store', () => {
  it('keeps entries over instances, in order of keys, readable for the owner only', async () => {
    const store = makeFileStore(join(dir, 'queue'));
    expect(
      await store.write(0, [
        ['e:2', { bytes: new Uint8Array([1, 2]) }],
        ['e:1', { bytes: new Uint8Array([3]) }],
        ['budget', 7],
      ]),
    ).toBe(true);
    const other = makeFileStore(join(dir, 'queue'));
    expect(await other.entries('e:')).toEqual([
      ['e:1', { bytes: Buffer.from([3]) }],
      ['e:2', { bytes: Buffer.from([1, 2]) }],
    ]);
    expect(await other.get('budget')).toBe(7);
    expect(statSync(join(dir, 'queue')).mode & 0o777).toBe(0o700);
    for (const file of readdirSync(join(dir, 'queue', '0'))) expect(statSync(join(dir, 'queue', '0', file)).mode & 0o777).toBe(0o600);
  });

  it('makes nothing on disk before the first write', async () => {
    const store = makeFileStore(join(dir, 'queue'));
    expect(await store.epoch()).toBe(0);
    expect(await store.get('x')).toBeUndefined();
    expect(await store.entries('e:')).toEqual([]);
    await store.erase();
    expect(readdirSync(dir)).toEqual([]);
  });

  it('erases everything and refuses writes of the old epoch, also of other instances', async () => {
    const store = makeFileStore(dir);
    const late = makeFileStore(dir);
    await store.write(0, [['e:1', 1]]);
    expect(await store.erase()).toBe(1);
    expect(await late.write(0, [['e:2', 2]])).toBe(false);
    expect(await late.update(0, 'e:1', () => 3)).toBe(false);
    expect(await late.entries('')).toEqual([]);
    expect(readdirSync(dir).filter((file) => file !== 'epoch' && readdirSync(join(dir, file)).length > 0)).toEqual([]);
    expect(await late.epoch()).toBe(1);
    expect(await late.write(1, [['e:3', 3]])).toBe(true);
  });

  it('lets only one of two claim an entry', async () => {
    await makeFileStore(dir).write(0, [['e:1', { leased: 0 }]]);
    let wins = 0;
    await Promise.all(
      [1, 2, 3, 4].map((who) =>
        makeFileStore(dir).update(0, 'e:1', (old) => {
          const entry = old as { leased: number } | undefined;
          if (entry?.leased !== 0) return entry;
          wins++;
          return { leased: who };
        }),
      ),
    );
    expect(wins).toBe(1);
  });

  it('takes back what a killed process had claimed, and removes what it had half written', async () => {
    mkdirSync(join(dir, '0'));
    await makeFileStore(dir).write(0, [['e:1', 'whole']]);
    const dead = 4_000_000;
    const claimed = readFileSync(join(dir, '0', 'e%3A1'));
    rmSync(join(dir, '0', 'e%3A1'));
    writeFileSync(join(dir, '0', `e%3A1.${dead}-abcdef.claim`), claimed);
    writeFileSync(join(dir, '0', `e%3A2.${dead}-abcdef.tmp`), claimed.subarray(0, 2));
    expect(await makeFileStore(dir).entries('e:')).toEqual([['e:1', 'whole']]);
    expect(readdirSync(join(dir, '0'))).toEqual(['e%3A1']);
  });
});

describe('the agent on a file store', () => {
  it('loses no sealed report when its process is killed', async () => {
    const refusing = await startCollector('127.0.0.1', problem(503, 'overloaded'));
    const child = fork(
      script(`
        const agent = init(${JSON.stringify(optionsFor(refusing.origin, dir))}, { liveDelayMs: 0 });
        agent.onEvent((event) => event.kind === 'sealed' && agent.pending().then(({ envelopes }) => envelopes && process.send('stored')));
        fetch('http://nope.invalid/').catch(() => undefined);
        setInterval(() => undefined, 1000);
      `),
    );
    await new Promise((resolve) => child.once('message', resolve));
    await until(() => refusing.received.length > 0);
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    refusing.answer = (response) => void response.writeHead(204).end();
    const agent = init(optionsFor(refusing.origin, dir), { liveDelayMs: 60_000, now: () => Date.now() + 70_000 });
    expect((await agent.pending()).envelopes).toBe(1);
    expect(await agent.flush()).toMatchObject({ delivered: 1, kept: 0 });
    expect(refusing.received.at(-1)?.body.failures[0]?.type ?? refusing.received.at(-2)?.body.failures[0]?.type).toBe(
      'dns.name_not_resolved',
    );
    await agent.close();
    await refusing.close();
  });

  it(
    'loses nothing that is sealed and repeats nothing in another envelope, however often it is killed',
    async () => {
      const c = await startCollector('127.0.0.1', (response) => {
        setTimeout(() => void response.writeHead(Math.random() < 0.2 ? 503 : 204).end(), 20 * Math.random());
      });
      const rounds = sizeOf('killRounds');
      let sealed = 0;
      let made = 0;
      for (let round = 0; round < rounds; round++) {
        const child = fork(
          script(`
            const agent = init(${JSON.stringify(optionsFor(c.origin, dir))}, { liveDelayMs: 20 });
            agent.onEvent((event) => event.kind === 'sealed' && process.send({ sealed: event.reports }));
            let n = 0;
            setInterval(() => {
              agent.report({ host: 'nope.invalid', type: 'app.r${round}n' + n++ });
              process.send({ made: 1 });
            }, 3);
            setInterval(() => void agent.flush(), 17);
          `),
        );
        const killed = new Promise((resolve) => child.once('exit', resolve));
        child.on('message', (message: { sealed?: number; made?: number }) => {
          sealed += message.sealed ?? 0;
          made += message.made ?? 0;
        });
        const before = sealed;
        await until(() => sealed > before);
        await settle(250 * Math.random());
        child.kill('SIGKILL');
        await killed;
        await settle();
      }
      c.answer = (response) => void response.writeHead(204).end();
      const agent = init(optionsFor(c.origin, dir), { liveDelayMs: 1e9, now: () => Date.now() + 70_000 });
      await agent.pending();
      while ((await agent.flush()).kept > 0);
      await agent.close();
      await c.close();
      const envelopes = new Map(c.received.map(({ bytes, body }) => [bytes.toString('latin1'), body]));
      const types = [...envelopes.values()].flatMap(({ failures }) => failures.map(({ type }) => type));
      console.log(
        `kill -9, ${rounds} rounds: ${made} failures, ${sealed} known to be sealed, ${types.length} arrived, ${c.received.length} uploads of ${envelopes.size} envelopes`,
      );
      expect(new Set(types).size).toBe(types.length);
      expect(sealed).toBeGreaterThanOrEqual(rounds);
      expect(types.length).toBeGreaterThanOrEqual(sealed);
    },
    limitMs(60_000, 600_000),
  );

  it('sends each envelope once when two processes work on one directory', async () => {
    const c = await startCollector('127.0.0.1', problem(503, 'overloaded'));
    const first = init(optionsFor(c.origin, dir), { liveDelayMs: 1e9 });
    for (let n = 0; n < 20; n++) {
      first.report({ host: 'nope.invalid', type: `app.n${n}` });
      await first.flush();
    }
    await first.close();
    c.received.length = 0;
    c.answer = (response) => setTimeout(() => void response.writeHead(204).end(), 10);
    const codes = await Promise.all(
      [1, 2].map(() => {
        const child = fork(
          script(`
            const agent = init(${JSON.stringify(optionsFor(c.origin, dir))}, { liveDelayMs: 1e9, now: () => Date.now() + 70_000 });
            await agent.flush();
            await agent.close();
          `),
        );
        return new Promise((resolve) => child.once('exit', resolve));
      }),
    );
    expect(codes).toEqual([0, 0]);
    const types = c.received.flatMap(({ body }) => body.failures.map(({ type }) => type));
    expect(types.sort()).toEqual(Array.from({ length: 20 }, (_, n) => `app.n${n}`).sort());
    await c.close();
  });

  it('lets the process end by itself, after a last flush', async () => {
    const c = await startCollector();
    const child = fork(
      script(`
        init(${JSON.stringify(optionsFor(c.origin, dir))});
        fetch('http://nope.invalid/').catch(() => undefined);
      `),
      { stdio: 'ignore' },
    );
    const code = await new Promise((resolve) => child.once('exit', resolve));
    expect(code).toBe(0);
    expect(c.received[0]?.body.failures[0]).toMatchObject({ type: 'dns.name_not_resolved', host: 'nope.invalid' });
    expect(c.received[0]?.body.context).toMatchObject({
      source: 'sdk-node',
      runtime: 'node',
      consent_method: 'operator',
      consent_text: 'operator',
    });
    await c.close();
  });

  it('ends even when no collector answers', async () => {
    const child = fork(
      script(`init(${JSON.stringify(optionsFor('http://127.0.0.1:9', dir))}); fetch('http://nope.invalid/').catch(() => undefined);`),
      {
        stdio: 'ignore',
      },
    );
    expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(0);
    expect(readdirSync(join(dir, '0')).filter((file) => file.startsWith('e%3A'))).toHaveLength(1);
  });

  it('keeps reports in memory and counts storage_failed when the directory takes nothing', async () => {
    const c = await startCollector();
    const file = join(dir, 'a-file');
    writeFileSync(file, '');
    chmodSync(file, 0o400);
    const reasons: string[] = [];
    const agent = init(optionsFor(c.origin, join(file, 'below')), { liveDelayMs: 60_000 });
    agent.onEvent((event) => void (event.kind === 'dropped' && reasons.push(event.reason)));
    await fetch('http://nope.invalid/').catch(() => undefined);
    await until(() => reasons.length > 0);
    expect(reasons).toEqual(['storage_failed']);
    expect((await agent.pending()).envelopes).toBe(1);
    expect(await agent.flush()).toMatchObject({ delivered: 1, kept: 0 });
    await agent.close();
    await c.close();
  });

  it('rests nothing on disk but sealed bytes and bookkeeping, and nothing of it after withdrawal', async () => {
    const agent = init(optionsFor('http://127.0.0.1:9', dir), { liveDelayMs: 60_000 });
    await fetch('http://nope.invalid/').catch(() => undefined);
    await until(async () => (await agent.pending()).envelopes === 1);
    const files = readdirSync(join(dir, '0'));
    expect(files.length).toBeGreaterThan(0);
    for (const name of files) expect(readFileSync(join(dir, '0', name), 'latin1')).not.toMatch(/nope|invalid|shop|name_not_resolved/);
    await agent.setConsent('denied');
    expect(readdirSync(dir)).toEqual(['epoch']);
    await fetch('http://nope.invalid/').catch(() => undefined);
    expect(readdirSync(dir)).toEqual(['epoch']);
    await agent.close();
  });
});
