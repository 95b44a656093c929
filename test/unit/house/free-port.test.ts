/** Ports that tests hand out: nobody else gets them before they are used. */
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { freePort } from '../../free-port.js';

describe('a free port', () => {
  it('is handed out once, can be listened on, and is none that the system gives to others', async () => {
    const ports = await Promise.all(Array.from({ length: 200 }, () => freePort()));
    expect(new Set(ports).size).toBe(200);
    expect(Math.max(...ports)).toBeLessThan(32_768);
    const server = createServer().listen(ports[0], '127.0.0.1');
    await new Promise((resolve, reject) => server.once('listening', () => resolve(undefined)).once('error', reject));
    await new Promise((resolve) => server.close(resolve));
  });

  it('is refused for an address that is not this machine’s', async () => {
    await expect(freePort('192.0.2.1')).rejects.toThrow('no port of 192.0.2.1 is free');
  });
});
