/** The incidents: how each begins and ends, whom it meets, and what the analyzer has to say of it. */
import type { SpikeSummary } from '@outcry/analyzer';
import type { Networks } from './networks.js';

export interface Scenario {
  readonly words: string;
  begin(world: World): unknown;
  end(world: World): unknown;
  /** Names of the access networks whose clients fail and can still report it, and of those that can report nothing until it is over. */
  readonly reporting: readonly string[];
  readonly cutOff: readonly string[];
  /** Whether a spike is the one to come; `labels` are those of the networks that may be named. */
  isIt(spike: SpikeSummary, labels: readonly string[]): boolean;
  readonly verdict: string;
  /** Whether the service is asked over https. */
  readonly secure?: boolean;
  /** Collectors that can be reached meanwhile. */
  readonly collectors: readonly string[];
}

export interface World {
  readonly networks: Networks;
  identify(which: 'valid' | 'expired'): Promise<unknown>;
}

const everybody = ['telekom', 'comcast', 'free', 'bt'];
const both = ['c1', 'c2'];
const isNamed = (spike: SpikeSummary, labels: readonly string[]): boolean =>
  labels.some((label) => spike.network === label || spike.places.some(({ where }) => where.network === label));

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  leak: {
    words: 'the leaker announces 203.0.113.0/25, half of the network of the service',
    begin: ({ networks }) => networks.leak(),
    end: ({ networks }) => networks.heal(),
    reporting: ['free'],
    cutOff: ['bt'],
    isIt: isNamed,
    verdict: 'outside',
    collectors: both,
  },
  resolver: {
    words: 'the resolver of one access network falls silent',
    begin: ({ networks }) => networks.setResolver('telekom', false),
    end: ({ networks }) => networks.setResolver('telekom', true),
    reporting: ['telekom'],
    cutOff: [],
    isIt: (spike, labels) => spike.kind === 'dns' && isNamed(spike, labels),
    verdict: 'outside',
    collectors: both,
  },
  certificate: {
    words: 'the certificate of the service has expired',
    begin: ({ identify }) => identify('expired'),
    end: ({ identify }) => identify('valid'),
    reporting: everybody,
    cutOff: [],
    isIt: ({ kind, type }) => kind === 'tls' && type === 'tls.cert.date_invalid',
    verdict: 'inside',
    secure: true,
    collectors: both,
  },
  'shared-domain': {
    words: 'the provider that the service and the first collector share loses both',
    begin: ({ networks }) => networks.setSharedProvider(false),
    end: ({ networks }) => networks.setSharedProvider(true),
    reporting: everybody,
    cutOff: [],
    isIt: ({ kind, network }) => kind === 'routing' && network === null,
    verdict: 'outside',
    collectors: ['c2'],
  },
};
