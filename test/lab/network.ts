/**
 * The lab's networks: client – access – { service, elsewhere }, each a network namespace, joined by veth pairs. Made in the private
 * world that run.mjs enters, so that nothing has to be taken down: it ends with the world.
 */
import { ip, link, makeNamespace, makeRouter, setKernel, setRules } from './links.js';
import {
  ACCESS,
  CLIENT,
  COLLECTOR,
  COLLECTOR_TWO,
  NAME_SERVER,
  NEL_COLLECTOR,
  PAGE,
  RESOLVER,
  SERVICE,
  SERVICE_TWO,
  STRANGER,
} from './places.js';

const CLIENT_SIX = 'fd00:1::2';
const ACCESS_SIX = 'fd00:1::1';

/** Joins a network to the access router; the router's end is called like the network. */
function join(network: string, gateway: string, addresses: readonly string[]): void {
  link(
    { namespace: network, device: 'eth0', addresses: addresses.map((address) => `${address}/24`) },
    { namespace: 'access', device: network, addresses: [`${gateway}/24`] },
  );
  ip(network, `route add default via ${gateway}`);
}

function routeClient(): void {
  ip('client', `route replace default via ${ACCESS}`);
  ip('client', `-6 addr replace ${CLIENT_SIX}/64 dev eth0 nodad`);
  ip('client', `-6 route replace default via ${ACCESS_SIX}`);
}

/** Makes all networks. */
export function makeNetworks(): void {
  for (const namespace of ['client', 'access', 'service', 'elsewhere']) makeNamespace(namespace);
  makeRouter('access');
  ip('access', `addr add ${RESOLVER}/32 dev lo`);
  join('client', ACCESS, [CLIENT]);
  join('service', '203.0.113.1', [SERVICE, SERVICE_TWO, STRANGER]);
  join('elsewhere', '198.51.100.1', [PAGE, COLLECTOR, COLLECTOR_TWO, NEL_COLLECTOR, NAME_SERVER]);
  // The way to nowhere leads through the filter, which loses it.
  ip('access', 'route add 192.0.2.0/24 via 198.51.100.10');
  ip('access', `-6 addr add ${ACCESS_SIX}/64 dev client nodad`);
  routeClient();
  setFilter({});
}

/** The device of the delay line at the access router. */
export const DELAY_DEVICE = 'delay0';
const DELAY_TABLE = 7;

/**
 * Leads what the client sends through the delay line. The whole round-trip time lies on the way there: a client cannot tell, and a
 * refusal by the router takes as long as one by the service.
 *
 * @param networks - Where to, with prefix length.
 */
export function delayWaysTo(networks: readonly string[]): void {
  // What comes out of the line has not come the way that an answer would take.
  for (const device of ['all', DELAY_DEVICE]) setKernel('access', `ipv4/conf/${device}/rp_filter`, '0');
  ip('access', `route add default dev ${DELAY_DEVICE} table ${DELAY_TABLE}`);
  for (const network of networks) ip('access', `rule add iif client to ${network} lookup ${DELAY_TABLE}`);
}

/** What the access router does to packets besides passing them on. */
export interface Filter {
  /** nftables rules for packets passing through. */
  readonly passing?: readonly string[];
  /** nftables rules for packets to the router itself, where the resolver is. */
  readonly arriving?: readonly string[];
  /** nftables rules that change where packets go. */
  readonly leading?: readonly string[];
}

/** Every web request is led to a sign-in page. */
export const PORTAL: Filter = { leading: ['iifname "client" tcp dport { 80, 443 } redirect to :443'] };

/** @param lossPercent - Packets lost by chance, each way. */
export function setFilter({ passing = [], arriving = [], leading = [] }: Filter, lossPercent = 0): void {
  setRules(
    'access',
    `chain passing { type filter hook forward priority 0
      oifname "${DELAY_DEVICE}" accept
      ip daddr 192.0.2.0/24 drop
      ${lossPercent > 0 ? `numgen random mod 1000 < ${Math.round(lossPercent * 10)} drop` : ''}
      ${passing.join('\n')}
    }
    chain arriving { type filter hook input priority 0
      iifname "lo" accept
      ${arriving.join('\n')}
    }
    ${leading.length > 0 ? `chain leading { type nat hook prerouting priority -100\n ${leading.join('\n')}\n }` : ''}`,
  );
}

export type Link = 'up' | 'down' | 'no_route';

/** The client's own link. */
export function setLink(state: Link): void {
  if (state === 'down') ip('client', 'link set eth0 down');
  else {
    ip('client', 'link set eth0 up');
    routeClient();
  }
  if (state === 'no_route') {
    ip('client', 'route del default');
    ip('client', '-6 route del default');
  }
}

/** Gives the client another address for a moment: browsers then forget names and connections. */
export function flipAddress(): void {
  ip('client', 'addr add 10.10.1.77/24 dev eth0');
  ip('client', 'addr del 10.10.1.77/24 dev eth0');
}
