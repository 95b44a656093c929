/** A way to storage that a test can close: while it is closed, every request is answered 503. */
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createStorageClient, type ClickHouseClient, type StorageConnection } from '@outcry/storage';

export interface StorageWay {
  isOpen: boolean;
  readonly client: ClickHouseClient;
  close(): Promise<void>;
}

/** @param connection - of the storage behind it. */
export async function wayTo({ url, socketPath, ...login }: StorageConnection): Promise<StorageWay> {
  const target = new URL(url);
  const place = socketPath === undefined ? { host: target.hostname, port: target.port } : { socketPath };
  const front = createServer((incoming, outgoing) => {
    if (!way.isOpen) {
      incoming.resume();
      outgoing.writeHead(503).end('away');
      return;
    }
    const { url: path = '/', method = 'POST', headers } = incoming;
    const forwarded = request({ ...place, path, method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  const client = createStorageClient({ ...login, url: `http://127.0.0.1:${(front.address() as AddressInfo).port}` });
  const way: StorageWay = {
    isOpen: true,
    client,
    async close() {
      await client.close();
      front.closeAllConnections();
      front.close();
    },
  };
  return way;
}
