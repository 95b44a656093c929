/**
 * One network's way into the shop: a plain TCP forwarder on an address of its own, which can be made to fail for real.
 * `mute` takes connections and lets nothing through; `closed` takes none.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';

export type EdgeState = 'open' | 'mute' | 'closed';

export interface Edge {
  readonly state: () => EdgeState;
  /**
   * Connections that stand are cut (`closed`) or fall silent (`mute`). Back in `open` new ones pass, idle ones are ended, and a client that
   * waits for an answer waits until it gives up, as after a break on the way.
   */
  set(state: EdgeState): Promise<void>;
  close(): Promise<void>;
}

export interface EdgeOptions {
  readonly host: string;
  readonly port: number;
  readonly target: { readonly host: string; readonly port: number };
}

/** One client's connection and what it is led to. */
interface Link {
  readonly client: Socket;
  shop: Socket | undefined;
  /** It sent something that nobody will answer. */
  isWaiting: boolean;
}

/** Starts an edge in state `open`. Rejects with the system's error when the address cannot be had. */
export async function startEdge({ host, port, target }: EdgeOptions): Promise<Edge> {
  let state: EdgeState = 'open';
  let server: Server | undefined;
  const links = new Set<Link>();

  const silence = (link: Link): void => {
    const { client, shop } = link;
    link.shop = undefined;
    client.unpipe();
    client.on('data', () => {
      link.isWaiting = true;
    });
    shop?.destroy();
  };
  const lead = (link: Link): void => {
    const { client } = link;
    const shop = connect(target);
    link.shop = shop;
    shop.on('error', () => shop.destroy());
    shop.on('close', () => {
      // A link that was silenced has lost its shop, but its client is to notice nothing.
      if (link.shop === shop) client.destroy();
    });
    client.pipe(shop);
    shop.pipe(client);
  };
  const take = (client: Socket): void => {
    const link: Link = { client, shop: undefined, isWaiting: false };
    links.add(link);
    client.on('error', () => client.destroy());
    client.on('close', () => {
      links.delete(link);
      link.shop?.destroy();
    });
    if (state === 'open') lead(link);
    else silence(link);
  };
  const listen = async (): Promise<void> => {
    const listening = createServer({ noDelay: true }, take);
    server = listening;
    await new Promise<void>((resolve, reject) => listening.once('error', reject).listen({ host, port }, resolve));
  };
  const stopListening = async (): Promise<void> => {
    const listening = server;
    server = undefined;
    if (!listening) return;
    await new Promise<void>((resolve) => {
      listening.close(() => resolve());
      for (const { client } of links) client.destroy();
    });
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
      else if (next === 'mute') links.forEach(silence);
      else for (const { client, isWaiting } of links) if (!isWaiting) client.end();
    },
    close: stopListening,
  };
}
