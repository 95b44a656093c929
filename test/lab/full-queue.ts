/** A server whose queue of connections to accept is full, and stays so: the kernel drops every further SYN. */
import { connect, createServer } from 'node:net';
import { FULL_PORT } from './places.js';
import { serveCalls } from './role.js';

/** Enough for a queue of one, which takes two. */
const CONNECTIONS = 4;

serveCalls({
  async start() {
    const server = createServer(() => undefined);
    await new Promise<void>((resolve) => server.listen({ port: FULL_PORT, host: '0.0.0.0', backlog: 1 }, resolve));
    // After the answer to this call: connects, and never comes back to accept.
    setTimeout(() => {
      for (let i = 0; i < CONNECTIONS; i++) connect(FULL_PORT, '127.0.0.1');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    }, 20);
  },
});
