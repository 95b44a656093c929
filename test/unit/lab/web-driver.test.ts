import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { openSession } from '../../lab/web-driver.js';

interface Command {
  readonly line: string;
  readonly body: { readonly script?: string; readonly args?: unknown[]; readonly url?: string } | undefined;
}

/** Runs a script as a browser would: the last argument ends it. */
const runScript = ({ script = '', args = [] }: NonNullable<Command['body']>): Promise<unknown> =>
  new Promise((done) => (new Function(script) as (...all: unknown[]) => void)(...args, done));

let server: Server | undefined;
afterEach(() => server?.close());

/** A driver that keeps what it was asked, and says `unload` of pages that go away. */
async function startDriver(): Promise<{ address: string; commands: Command[] }> {
  const commands: Command[] = [];
  const answer = async ({ line, body }: Command): Promise<unknown> => {
    if (line === 'POST /session') return { sessionId: 's1', capabilities: {} };
    if (!line.endsWith('/execute/async') || !body) return null;
    if (body.script?.includes('goes away')) throw new Error('unload');
    return runScript(body);
  };
  const read = async (request: IncomingMessage): Promise<Command> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    return { line: `${request.method ?? ''} ${request.url ?? ''}`, body: text ? (JSON.parse(text) as Command['body']) : undefined };
  };
  server = createServer((request, response) => {
    void read(request).then(async (command) => {
      commands.push(command);
      await answer(command).then(
        (value) => response.end(JSON.stringify({ value: value ?? null })),
        (error: Error) => response.writeHead(404).end(JSON.stringify({ value: { error: 'no such frame', message: error.message } })),
      );
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, commands };
}

describe('a page over WebDriver', () => {
  it('runs a function with its arguments, and waits for what it promises', async () => {
    const { page } = await openSession((await startDriver()).address, {});
    expect(await page.evaluate((a: number, { b }: { b: number }) => Promise.resolve(a + b), 1, { b: 2 })).toBe(3);
    expect(await page.evaluate(() => undefined)).toBeUndefined();
  });

  it('fails with the error of the function, and with that of the driver', async () => {
    const { page } = await openSession((await startDriver()).address, {});
    await expect(page.evaluate(() => Promise.reject(new TypeError('no')))).rejects.toThrow('TypeError: no');
    await expect(page.evaluate(() => 'goes away')).rejects.toThrow('execute/async: no such frame: unload');
  });

  it('visits, loads anew, and ends its session', async () => {
    const { address, commands } = await startDriver();
    const { page, end } = await openSession(address, { 'a:b': 1 });
    await page.goto('https://a.test/');
    await page.reload();
    await end();
    expect(commands[0]?.body).toEqual({ capabilities: { alwaysMatch: { 'a:b': 1 } } });
    expect(commands[2]?.body).toEqual({ url: 'https://a.test/' });
    expect(commands.map(({ line }) => line)).toEqual([
      'POST /session',
      'POST /session/s1/timeouts',
      'POST /session/s1/url',
      'POST /session/s1/refresh',
      'DELETE /session/s1',
    ]);
  });
});
