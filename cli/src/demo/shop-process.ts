/** The shop and the edges that lead to it: one process, told which edge is to fail. */
import { startShop, type ShopOptions } from 'outcry-example-shop';
import { runRole } from '../processes/run-role.js';
import { startEdge, type Edge, type EdgeState } from './edge.js';

export interface ShopSettings {
  readonly shop: ShopOptions & { readonly host: string };
  readonly edgeHosts: readonly string[];
}

export interface SetEdge {
  readonly edgeHost: string;
  readonly state: EdgeState;
}

runRole(async (raw) => {
  const { shop: options, edgeHosts } = raw as ShopSettings;
  const shop = await startShop(options);
  const edges = new Map<string, Edge>();
  for (const host of edgeHosts)
    edges.set(host, await startEdge({ host, port: shop.port, target: { host: options.host, port: shop.port } }));
  return {
    facts: { url: shop.url },
    hear: (message) => {
      const { edgeHost, state } = message as SetEdge;
      void edges.get(edgeHost)?.set(state);
    },
    stop: async () => {
      await Promise.all([...edges.values()].map((edge) => edge.close()));
      await shop.close();
    },
  };
});
