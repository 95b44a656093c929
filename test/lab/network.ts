/**
 * The lab's networks: client – access – { service, elsewhere }, each a network namespace, joined by veth pairs. Made in the private
 * world that run.mjs enters, so that nothing has to be taken down: it ends with the world.
 */
import { execFileSync } from 'node:child_process';
import { ACCESS, CLIENT, COLLECTOR, COLLECTOR_TWO, NAME_SERVER, PAGE, RESOLVER, SERVICE, SERVICE_TWO, STRANGER } from './places.js';

export type Namespace = 'client' | 'access' | 'service' | 'elsewhere';
const NAMESPACES: readonly Namespace[] = ['client', 'access', 'service', 'elsewhere'];

function run(program: string, args: readonly string[], input = ''): string {
  return execFileSync(program, args, { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });
}

/** `ip -n NAMESPACE …`, words split at spaces. Throws with what `ip` said. */
export const ip = (namespace: Namespace, words: string): string => run('ip', ['-n', namespace, ...words.split(' ')]);

function setKernel(namespace: Namespace, key: string, value: string): void {
  run('ip', ['netns', 'exec', namespace, 'sh', '-c', `echo ${value} > /proc/sys/net/${key}`]);
}

/** Joins a network to the access router; the router's end is called like the network. */
function join(network: Exclude<Namespace, 'access'>, gateway: string, addresses: readonly string[]): void {
  run('ip', `link add eth0 netns ${network} type veth peer name ${network} netns access`.split(' '));
  ip('access', `addr add ${gateway}/24 dev ${network}`);
  ip('access', `link set ${network} up`);
  for (const address of addresses) ip(network, `addr add ${address}/24 dev eth0`);
  ip(network, 'link set eth0 up');
  ip(network, `route add default via ${gateway}`);
}

const CLIENT_SIX = 'fd00:1::2';
const ACCESS_SIX = 'fd00:1::1';

function routeClient(): void {
  ip('client', `route replace default via ${ACCESS}`);
  ip('client', `-6 addr replace ${CLIENT_SIX}/64 dev eth0 nodad`);
  ip('client', `-6 route replace default via ${ACCESS_SIX}`);
}

/** Makes all networks. */
export function makeNetworks(): void {
  for (const namespace of NAMESPACES) {
    run('ip', ['netns', 'add', namespace]);
    // An address that becomes valid late would look like a change of network to a browser.
    setKernel(namespace, 'ipv6/conf/default/accept_dad', '0');
    ip(namespace, 'link set lo up');
  }
  ip('access', `addr add ${RESOLVER}/32 dev lo`);
  join('client', ACCESS, [CLIENT]);
  join('service', '203.0.113.1', [SERVICE, SERVICE_TWO, STRANGER]);
  join('elsewhere', '198.51.100.1', [PAGE, COLLECTOR, COLLECTOR_TWO, NAME_SERVER]);
  // The way to nowhere leads through the filter, which loses it.
  ip('access', 'route add 192.0.2.0/24 via 198.51.100.10');
  setKernel('access', 'ipv4/ip_forward', '1');
  setKernel('access', 'ipv4/icmp_ratelimit', '0');
  ip('access', `-6 addr add ${ACCESS_SIX}/64 dev client nodad`);
  routeClient();
  setFilter({});
}

/** What the access router does to packets besides passing them on. */
export interface Filter {
  /** nftables rules for packets passing through. */
  readonly passing?: readonly string[];
  /** nftables rules for packets to the router itself, where the resolver is. */
  readonly arriving?: readonly string[];
  /** Every web request is led to a sign-in page. */
  readonly portal?: boolean;
}

/** Replaces all of the router's rules at once. Connections that stand are held to them as well. */
export function setFilter({ passing = [], arriving = [], portal = false }: Filter): void {
  const table = `
    table inet lab
    delete table inet lab
    table inet lab {
      chain passing { type filter hook forward priority 0
        ip daddr 192.0.2.0/24 drop
        ${passing.join('\n')}
      }
      chain arriving { type filter hook input priority 0
        ${arriving.join('\n')}
      }
      ${portal ? 'chain portal { type nat hook prerouting priority -100\n iifname "client" tcp dport { 80, 443 } redirect to :443\n }' : ''}
    }`;
  run('ip', ['netns', 'exec', 'access', 'nft', '-f', '-'], table);
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
