/**
 * The networks of the route leak, each a namespace with bird in it, speaking BGP over veth links:
 *
 *   Telekom, Comcast ── transit one ── transit two ── Free
 *        service, c1 ──┘          c2 ──┘     └── leaker ── BT
 *
 * Access networks have addresses that they really announce, so that collectors label them as they do elsewhere. Each connection leaves from
 * the next of many address prefixes, as behind a carrier's address translation: clients of one prefix alone are no outage.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ip, link, makeNamespace, makeRouter, run, runIn, setKernel, setRules } from '../links.js';
import { API } from './settings.js';

export const SERVICE_ADDRESS = '203.0.113.10';
export const COLLECTOR_ADDRESSES = ['198.51.100.11', '192.0.2.12'] as const;
/** What the leaker announces in the leak: the half of the service's network that the service is in. */
const LEAKED = '203.0.113.0/25';

export interface Member {
  readonly name: string;
  readonly system: number;
  /** Its own address, and the network that it announces. */
  readonly address: string;
  readonly announces: string;
}

/** The access networks with the labels that collectors give to their addresses. */
const ACCESS: readonly (Member & { readonly label: string })[] = [
  { name: 'telekom', system: 3320, address: '80.130.7.20', announces: '80.130.0.0/18', label: 'AS3320/DE' },
  { name: 'comcast', system: 7922, address: '73.10.7.20', announces: '73.10.0.0/18', label: 'AS7922/US' },
  { name: 'free', system: 12_322, address: '82.64.7.20', announces: '82.64.0.0/18', label: 'AS12322/FR' },
  { name: 'bt', system: 2856, address: '81.130.7.20', announces: '81.130.0.0/18', label: 'AS2856/GB' },
];

const OTHERS: readonly Member[] = [
  { name: 'one', system: 64_601, address: '10.99.0.1', announces: '10.99.0.0/24' },
  { name: 'two', system: 64_602, address: '10.99.1.1', announces: '10.99.1.0/24' },
  { name: 'leaker', system: 64_666, address: '10.99.2.1', announces: '10.99.2.0/24' },
  { name: 'service', system: 64_700, address: SERVICE_ADDRESS, announces: '203.0.113.0/24' },
  { name: 'c1', system: 64_801, address: COLLECTOR_ADDRESSES[0], announces: '198.51.100.0/24' },
  { name: 'c2', system: 64_802, address: COLLECTOR_ADDRESSES[1], announces: '192.0.2.0/24' },
];

/** Who speaks with whom. The first of each pair is the customer, or a peer. */
const LINKS: readonly (readonly [string, string])[] = [
  ['telekom', 'one'],
  ['comcast', 'one'],
  ['service', 'one'],
  ['c1', 'one'],
  ['free', 'two'],
  ['c2', 'two'],
  ['leaker', 'two'],
  ['bt', 'leaker'],
  ['one', 'two'],
];

interface Neighbour {
  readonly name: string;
  readonly system: number;
  readonly own: string;
  readonly other: string;
}

/** Transit one believes only what it knows of the service's network; transit two believes its customers everything. */
const importOf = (member: Member): string =>
  member.name === 'one' ? 'filter { if net ~ [ 203.0.113.0/24{25,32} ] then reject; accept; }' : 'all';

function configOf(member: Member, neighbours: readonly Neighbour[]): string {
  return `router id ${member.address};
protocol device { scan time 1; }
protocol kernel { ipv4 { export filter { if source = RTS_STATIC then reject; krt_prefsrc = ${member.address}; accept; }; import none; }; learn off; }
protocol static own { ipv4; route ${member.announces} unreachable; }
protocol static leak { disabled; ipv4; route ${LEAKED} unreachable; }
${neighbours
  .map(
    ({ name, system, own, other }) => `protocol bgp to_${name} {
  local ${own} as ${member.system};
  neighbor ${other} as ${system};
  hold time 9; keepalive time 3; connect delay time 1; connect retry time 2; error wait time 1, 2;
  ipv4 { import ${importOf(member)}; export all; next hop self; };
}`,
  )
  .join('\n')}
`;
}

/** Every access network has its resolver at the loopback address that the world's resolv.conf names. */
function startResolver(network: string): ChildProcess {
  const options =
    '--keep-in-foreground --conf-file=/dev/null --user=root --pid-file= --no-resolv --no-hosts --bind-interfaces --cache-size=0';
  const own = ['--listen-address=127.0.0.1', '--local-ttl=1', `--host-record=${API},${SERVICE_ADDRESS}`];
  return spawn('ip', ['netns', 'exec', network, 'dnsmasq', ...options.split(' '), ...own], { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** As many /24 of what an access network announces. */
const PREFIXES = 32;

function spreadOverPrefixes({ name, address }: Member): void {
  const [a, b] = address.split('.');
  const turns = Array.from({ length: PREFIXES }, (_, turn) => `${turn} : ${a}.${b}.${turn}.20`).join(', ');
  const rule = `ip saddr ${address} snat ip to numgen inc mod ${PREFIXES} map { ${turns} }`;
  setRules(name, `chain leaving { type nat hook postrouting priority 100; ${rule}; }`);
}

const socketOf = (name: string): string => join(tmpdir(), `bird-${name}`, 'control');
const birdc = (name: string, ...words: readonly string[]): string => run('birdc', ['-s', socketOf(name), ...words]);

function startBird(member: Member, neighbours: readonly Neighbour[]): void {
  const folder = join(tmpdir(), `bird-${member.name}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'bird.conf'), configOf(member, neighbours));
  const options = [
    'netns',
    'exec',
    member.name,
    'bird',
    '-f',
    '-c',
    join(folder, 'bird.conf'),
    '-s',
    socketOf(member.name),
    '-P',
    join(folder, 'pid'),
  ];
  // Its standard streams would hold this process open; it ends with the world.
  spawn('ip', options, { stdio: ['ignore', 'ignore', 'inherit'] }).unref();
}

export interface Networks {
  readonly access: typeof ACCESS;
  /** The service and the first collector, which hang on the same provider, are both lost, or back. */
  setSharedProvider(works: boolean): void;
  /** The resolver of an access network answers, or is silent. */
  setResolver(network: string, answers: boolean): void;
  /** The leaker announces the more specific way, and loses what comes; its own customers lose everything. */
  leak(): void;
  heal(): void;
}

/** Whether one of the networks has a way to an address, other than to nowhere. */
function hasWay(from: string, to: string): boolean {
  try {
    return runIn(from, 'ip', ['route', 'get', to]).includes(' via ');
  } catch {
    return false;
  }
}

/** Makes networks, links and routers, and resolves when everybody has a way to everybody who matters. Rejects after 60 s. */
export async function makeLeakNetworks(): Promise<Networks> {
  const access = ACCESS;
  const members = [...access, ...OTHERS];
  const neighbours = new Map<string, Neighbour[]>(members.map(({ name }) => [name, []]));
  for (const { name, address } of members) {
    makeNamespace(name);
    makeRouter(name);
    for (const device of ['all', 'default']) setKernel(name, `ipv4/conf/${device}/rp_filter`, '0');
    ip(name, `addr add ${address}/32 dev lo`);
  }
  LINKS.forEach(([one, other], index) => {
    const [own, far] = [`10.100.${index}.1`, `10.100.${index}.2`];
    link(
      { namespace: one, device: `to-${other}`, addresses: [`${own}/30`] },
      { namespace: other, device: `to-${one}`, addresses: [`${far}/30`] },
    );
    const system = (name: string): number => members.find((member) => member.name === name)?.system ?? 0;
    neighbours.get(one)?.push({ name: other, system: system(other), own, other: far });
    neighbours.get(other)?.push({ name: one, system: system(one), own: far, other: own });
  });
  for (const member of members) startBird(member, neighbours.get(member.name) ?? []);
  const settled = (): boolean =>
    access.every(
      ({ name, address }) =>
        [SERVICE_ADDRESS, ...COLLECTOR_ADDRESSES].every((to) => hasWay(name, to)) &&
        hasWay('service', address) &&
        hasWay('c1', address) &&
        hasWay('c2', address),
    );
  for (let tries = 0; !settled(); tries++) {
    if (tries > 120)
      throw new Error(`the networks do not find each other:\n${birdc('two', 'show', 'protocols')}${birdc('two', 'show', 'route')}`);
    await wait(500);
  }
  for (const member of access) spreadOverPrefixes(member);
  const resolvers = new Map(access.map(({ name }) => [name, startResolver(name)]));
  return {
    access,
    setSharedProvider(works) {
      const lost = `ip daddr { ${SERVICE_ADDRESS}, ${COLLECTOR_ADDRESSES[0]} } drop`;
      setRules('one', `chain passing { type filter hook forward priority 0; ${works ? '' : `${lost};`} }`);
    },
    setResolver(network, answers) {
      resolvers.get(network)?.kill(answers ? 'SIGCONT' : 'SIGSTOP');
    },
    leak() {
      birdc('leaker', 'enable', 'leak');
      // Far more than it can carry comes now: its own customers get nothing through either.
      setRules('leaker', 'chain passing { type filter hook forward priority 0; drop; }');
    },
    heal() {
      birdc('leaker', 'disable', 'leak');
      setRules('leaker', 'chain passing { type filter hook forward priority 0; accept; }');
    },
  };
}
