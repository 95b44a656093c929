/** One request of one of the demo's clients: plain `node:http`, through the client's own lookup. */
import { Agent, request } from 'node:http';
import type { LookupFunction } from 'node:net';

export type VisitOutcome = 'answered' | 'refused_by_shop' | 'failed';

/** The name under which clients know the shop; only their own lookup resolves it. */
export const SHOP_HOST = 'shop.demo.outcry.example';

const PATHS = ['/api/products', '/api/products/lantern', '/api/products/whistle', '/api/products/bell'];

/** A connection pool whose lookup leads the shop's name to one edge, as that network's resolver would. */
export function makeWay(edgeHost: string): Agent {
  const lookup: LookupFunction = (hostname, options, done) => {
    if (hostname !== SHOP_HOST) {
      done(Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname }), '');
    } else if (options.all) done(null, [{ address: edgeHost, family: 4 }]);
    else done(null, edgeHost, 4);
  };
  const options = { keepAlive: true, keepAliveMsecs: 15_000, maxSockets: 64, lookup };
  return new Agent(options);
}

/**
 * Makes one request and reads the answer.
 *
 * @param patienceMs - After this the client gives up, as an app with a timer of its own does.
 * Never rejects.
 */
export function visit(way: Agent, port: number, patienceMs: number, random: () => number = Math.random): Promise<VisitOutcome> {
  const isOrder = random() < 0.15;
  const path = isOrder ? '/api/orders' : (PATHS[Math.floor(random() * PATHS.length)] ?? '/api/products');
  return new Promise((resolve) => {
    const sent = request(
      {
        agent: way,
        host: SHOP_HOST,
        port,
        path,
        method: isOrder ? 'POST' : 'GET',
        signal: AbortSignal.timeout(patienceMs),
        ...(isOrder && { headers: { 'content-type': 'application/json' } }),
      },
      (response) => {
        response.resume();
        response.on('end', () => resolve((response.statusCode ?? 0) >= 500 ? 'refused_by_shop' : 'answered'));
        response.on('error', () => resolve('failed'));
      },
    );
    sent.on('error', () => resolve('failed'));
    sent.end(isOrder ? '{"items":["lantern"]}' : undefined);
  });
}
