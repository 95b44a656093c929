/** The demo's fault: one network's way into the shop really fails while the shop itself stays well. */
import type { EdgeState } from './edge.js';
import { labelOf, NETWORKS, type DemoNetwork } from './networks.js';
import type { SpikeSummary } from './spikes.js';

export const FAULT_WORDS: Readonly<Record<Exclude<EdgeState, 'open'>, string>> = {
  mute: 'takes connections and answers nothing',
  closed: 'takes no connections',
};

/**
 * The network to break: the first in the list that no recent spike is about, so that a second start shows a new one.
 *
 * @param recent - Spikes as the analyzer lists them.
 */
export function chooseNetwork(recent: readonly SpikeSummary[], networks: readonly DemoNetwork[] = NETWORKS): DemoNetwork {
  const [first] = networks;
  if (first === undefined) throw new Error('there is no network');
  const lastSeen = (network: DemoNetwork): string =>
    recent.reduce((latest, spike) => (spike.network === labelOf(network) && spike.started_at > latest ? spike.started_at : latest), '');
  return networks.reduce((best, network) => (lastSeen(network) < lastSeen(best) ? network : best), first);
}
