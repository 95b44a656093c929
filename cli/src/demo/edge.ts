/**
 * One network's way into the shop: a plain TCP forwarder on an address of its own, which can be made to fail for real.
 * `mute` takes connections and lets nothing through; `closed` takes none.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';

export type EdgeState = 'open' | 'mute' | 'closed';

export interface Edge {
  readonly state: () => EdgeState;
  /** Connections that stand are cut (`closed`) or fall silent (`mute`); back in `open` new ones pass. */
  set(state: EdgeState): Promise<void>;
  close(): Promise<void>;
}

export interface EdgeOptions {
  readonly host: string;
  readonly port: number;
  readonly target: { readonly host: string; readonly port: number };
}

/** Starts an edge in state `open`. Rejects with the system's error when the address cannot be had. */
export async function startEdge({ host, port, target }: EdgeOptions): Promise<Edge> {
  let state: EdgeState = 'open';
  let server: Server | undefined;
  const sockets = new Set<Socket>();
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  };

  const forward = (client: Socket): void => {
    client.on('error', () => client.destroy());
    track(client);
    if (state !== 'open') {
      client.resume();
      return;
    }
    const shop = connect(target);
    track(shop);
    shop.on('error', () => client.destroy());
    client.on('close', () => shop.destroy());
    shop.on('close', () => {
      if (state === 'open') client.destroy();
    });
    client.pipe(shop);
    shop.pipe(client);
  };
  const silence = (): void => {
    for (const socket of sockets) {
      socket.unpipe();
      socket.resume();
    }
  };
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const listen = async (): Promise<void> => {
    const listening = createServer({ noDelay: true }, forward);
    server = listening;
    await new Promise<void>((resolve, reject) => listening.once('error', reject).listen({ host, port }, resolve));
  };
  const stopListening = async (): Promise<void> => {
    const listening = server;
    server = undefined;
    if (listening) {
      await new Promise<void>((resolve) => {
        listening.close(() => resolve());
        cut();
      });
    }
  };

  await listen();
  return {
    state: () => state,
    async set(next) {
      if (next === state) return;
      const before = state;
      state = next;
      if (next === 'closed') await stopListening();
      else if (before === 'closed') await listen();
      else if (next === 'mute') silence();
      else cut();
    },
    close: stopListening,
  };
}
