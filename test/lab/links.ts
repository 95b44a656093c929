/** Namespaces, links between them, routes and packet rules: the few things that every network of the lab is made of. */
import { execFileSync } from 'node:child_process';

/** Runs a program to its end. Throws with what it said. */
export function run(program: string, args: readonly string[], input = ''): string {
  return execFileSync(program, args, { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });
}

/** `ip -n NAMESPACE …`, words split at spaces. Throws with what `ip` said. */
export const ip = (namespace: string, words: string): string => run('ip', ['-n', namespace, ...words.split(' ')]);

/** Runs a program inside a namespace, to its end. */
export const runIn = (namespace: string, program: string, args: readonly string[], input = ''): string =>
  run('ip', ['netns', 'exec', namespace, program, ...args], input);

/** Sets `/proc/sys/net/KEY`. */
export function setKernel(namespace: string, key: string, value: string): void {
  runIn(namespace, 'sh', ['-c', `echo ${value} > /proc/sys/net/${key}`]);
}

/** A network namespace with its loopback up. */
export function makeNamespace(name: string): void {
  run('ip', ['netns', 'add', name]);
  // An address that becomes valid late would look like a change of network to a browser.
  setKernel(name, 'ipv6/conf/default/accept_dad', '0');
  ip(name, 'link set lo up');
}

/** Lets a namespace pass packets on, and say every time why it does not. */
export function makeRouter(name: string): void {
  setKernel(name, 'ipv4/ip_forward', '1');
  setKernel(name, 'ipv6/conf/all/forwarding', '1');
  setKernel(name, 'ipv4/icmp_ratelimit', '0');
}

/** One end of a link. */
export interface End {
  readonly namespace: string;
  /** Name of the device there, at most 15 characters. */
  readonly device: string;
  /** With prefix length: `10.0.0.1/24`. */
  readonly addresses: readonly string[];
}

/** Joins two namespaces by a veth pair. */
export function link(one: End, other: End): void {
  run('ip', `link add ${one.device} netns ${one.namespace} type veth peer name ${other.device} netns ${other.namespace}`.split(' '));
  for (const { namespace, device, addresses } of [one, other]) {
    for (const address of addresses) ip(namespace, `addr add ${address} dev ${device}${address.includes(':') ? ' nodad' : ''}`);
    ip(namespace, `link set ${device} up`);
  }
}

/** Replaces all rules of the table `inet lab` of a namespace at once. Connections that stand are held to them as well. */
export function setRules(namespace: string, chains: string): void {
  runIn(namespace, 'nft', ['-f', '-'], `table inet lab\ndelete table inet lab\ntable inet lab {\n${chains}\n}`);
}
