/** The scripts of incidents: each draws its own place and strength. `harmless` ones must make no spike. */
import type { Incident } from './incident.js';
import { logUniform } from './random.js';
import type { Random } from './random.js';
import { allHosts, country, minutes, networks, oneHost, only } from './scene.js';
import type { Parts, Scene } from './scene.js';

/** How long a line is down that comes and goes, or a portal is before a client, on average, s. */
const OFFLINE_S = 180;
/** Within how long an SDK version that names kinds otherwise is everywhere, and opt-ins double, at most, s. */
const NEW_SDK_S = 7_200;
const DAY_S = 86_400;
/** The collector's cap on new signer keys per prefix and hour. */
const SIGNERS_PER_PREFIX_AND_HOUR = 2_000;

export const SCRIPTS: Readonly<Record<string, (scene: Scene) => Parts>> = {
  'resolver-outage': (s) => {
    const share = logUniform(s.random, 0.03, 1);
    return {
      hosts: allHosts(s),
      failures: only('dns', 'dns.name_not_resolved'),
      places: networks(s, 1),
      lasts: minutes(s.random, 6, 60),
      failing: () => share,
      unseen: true,
      verdict: 'outside',
    };
  },
  'bgp-leak': (s) => {
    const share = logUniform(s.random, 0.02, 1);
    const places = networks(s, 2 + Math.floor(s.random() * 4));
    return {
      hosts: allHosts(s),
      failures: only('routing', 'tcp.timed_out'),
      places,
      lasts: minutes(s.random, 5, 45),
      failing: () => share,
      unseen: true,
      verdict: 'outside',
    };
  },
  'transit-flap': (s) => {
    const share = logUniform(s.random, 0.02, 0.8);
    const periodS = 120 + Math.floor(s.random() * 240);
    const failing = (at: number): number => (Math.floor((at - s.start) / periodS) % 2 === 0 ? share : 0);
    return {
      hosts: allHosts(s),
      failures: only('routing', 'tcp.reset'),
      places: networks(s, 2),
      lasts: minutes(s.random, 20, 40),
      failing,
      unseen: true,
      verdict: 'outside',
    };
  },
  'expired-certificate': (s) => {
    const share = logUniform(s.random, 0.001, 0.6);
    return {
      hosts: oneHost(s),
      failures: only('tls', 'tls.cert.date_invalid'),
      places: [],
      lasts: minutes(s.random, 10, 90),
      failing: () => share,
      unseen: true,
      verdict: 'inside',
    };
  },
  'bad-release': (s) => {
    const share = logUniform(s.random, 0.003, 0.3);
    const { release } = s.world.drawClient(s.random, s.project, s.start);
    return {
      hosts: oneHost(s),
      failures: only('http', 'http.response.invalid'),
      places: [{ release }],
      lasts: minutes(s.random, 20, 120),
      failing: () => share,
      verdict: 'release',
    };
  },
  'regional-cdn': (s) => {
    const share = logUniform(s.random, 0.005, 0.5);
    return {
      hosts: allHosts(s),
      failures: only('timeout', 'abandoned'),
      places: [{ country: country(s) }],
      lasts: minutes(s.random, 8, 60),
      failing: () => share,
      unseen: true,
      verdict: 'outside',
    };
  },
  /** What opted-in clients report understates what the server loses. */
  'opted-out-hit-harder': (s) => {
    const share = logUniform(s.random, 0.02, 0.3);
    return {
      hosts: allHosts(s),
      failures: only('routing', 'tcp.timed_out'),
      places: [{ country: country(s) }],
      lasts: minutes(s.random, 10, 60),
      failing: () => share,
      unseen: true,
      optedOut: 3,
      verdict: 'outside',
    };
  },
  'collector-blocked': (s) => {
    const blocked = country(s);
    const arrival: Incident['arrival'] = (place, arrived, random) =>
      place.country !== blocked ? arrived : random() < 0.7 ? null : arrived + 1_800 + random() * 3_600;
    return { hosts: allHosts(s), failures: [], places: [{ country: blocked }], lasts: minutes(s.random, 30, 120), arrival, harmless: true };
  },
  /**
   * A café or a train: few clients behind one or two addresses, each of them once. Most know what it is, some see a wrong certificate or nothing at all.
   */
  'captive-portal': (s) => {
    const lasts = minutes(s.random, 20, 60);
    const hosts = allHosts(s);
    return {
      hosts,
      failures: [
        { kind: 'offline', type: 'client.captive_portal', share: 0.5 },
        { kind: 'tls', type: 'tls.cert.name_invalid', share: 0.3 },
        { kind: 'timeout', type: 'abandoned', share: 0.2 },
      ],
      places: networks(s, 1),
      lasts,
      madeUp: logUniform(s.random, 10, 150) / (lasts / 60) / hosts.length,
      madeUpFrom: s.random() < 0.5 ? 1 : 2,
      offlineS: OFFLINE_S,
      harmless: true,
    };
  },
  /**
   * The lines of one network come and go: most clients know that they have none, and say so when it is back a few minutes later; some requests are caught
   * half-way and time out. Other kinds of failure that such clients may see are left out.
   */
  'last-mile': (s) => {
    const share = logUniform(s.random, 0.05, 1);
    return {
      hosts: allHosts(s),
      failures: [
        { kind: 'offline', type: 'client.uplink_dead', share: 0.8 },
        { kind: 'timeout', type: 'abandoned', share: 0.2 },
      ],
      places: networks(s, 1),
      lasts: minutes(s.random, 10, 60),
      failing: () => share,
      offlineS: OFFLINE_S,
      unseen: true,
      verdict: 'local',
    };
  },
  'server-5xx': (s) => {
    const share = logUniform(s.random, 0.0005, 0.5);
    return {
      hosts: oneHost(s),
      failures: only('http', 'http.error'),
      places: [],
      lasts: minutes(s.random, 5, 60),
      failing: () => share,
      serverErrors: () => share,
      verdict: 'inside',
    };
  },
  'brown-out': (s) => {
    const share = logUniform(s.random, 0.0005, 0.05);
    const failing = (at: number): number => share * Math.min(1, (at - s.start) / 1_800);
    return {
      hosts: oneHost(s),
      failures: only('timeout', 'abandoned'),
      places: [],
      lasts: minutes(s.random, 40, 120),
      failing,
      serverErrors: (at) => failing(at) / 3,
      verdict: 'inside',
    };
  },
  'flash-crowd': (s) => {
    const factor = 3 + 5 * s.random();
    return {
      hosts: oneHost(s),
      failures: [],
      places: [],
      lasts: minutes(s.random, 20, 60),
      load: (at) => 1 + (factor - 1) * Math.min(1, (at - s.start) / 120),
      harmless: true,
    };
  },
  /** In one network, or in three: as many keys as the collector takes. */
  'fakes-three-prefixes': (s) => {
    const places = networks(s, s.random() < 0.5 ? 1 : 3);
    return {
      hosts: oneHost(s),
      failures: only('routing', 'tcp.timed_out'),
      places,
      lasts: 3_600,
      madeUp: (3 * SIGNERS_PER_PREFIX_AND_HOUR) / 60 / places.length,
      madeUpFrom: 3,
      harmless: true,
    };
  },
  /** With addresses all over the network, and with made-up requests beside the failures. */
  'fakes-one-network': (s) => ({
    hosts: oneHost(s),
    failures: only('dns', 'dns.name_not_resolved'),
    places: networks(s, 1),
    lasts: minutes(s.random, 10, 40),
    madeUp: logUniform(s.random, 30, 300),
    madeUpAttempts: true,
    fake: true,
    verdict: 'outside',
  }),
  'collector-backlog': (s) => {
    const outage = minutes(s.random, 10, 30);
    const arrival: Incident['arrival'] = (_, arrived, random) => Math.max(arrived, s.start + outage + random() * 300);
    return { hosts: allHosts(s), failures: [], places: [], lasts: outage, arrival, harmless: true };
  },
  'time-change': (s) => {
    const moved = country(s);
    return {
      hosts: allHosts(s),
      failures: [],
      places: [{ country: moved }],
      lasts: s.room,
      clock: { country: moved, hours: 1 },
      harmless: true,
    };
  },
  'sampling-changed': (s) => {
    const share = 0.2 + 0.4 * s.random();
    return { hosts: allHosts(s), failures: [], places: [], lasts: minutes(s.random, 40, 120), sampling: () => share, harmless: true };
  },
  /** Until it is everywhere, and withdrawn as fast: names that came back at once would be a rise without a cause. */
  'sdk-renames-kinds': (s) => {
    const rollS = Math.min(NEW_SDK_S, s.room / 3);
    const shareAt = (at: number): number => Math.min(1, (at - s.start) / rollS, (s.start + s.room - at) / rollS);
    return {
      hosts: allHosts(s),
      failures: [],
      places: [],
      lasts: s.room,
      rename: (what, at, random) => (what.kind === 'timeout' && random() < shareAt(at) ? { kind: 'routing', type: 'tcp.timed_out' } : what),
      harmless: true,
    };
  },
  holiday: (s) => {
    const factor = s.random() < 0.5 ? 0.5 : 1.8;
    return {
      hosts: allHosts(s),
      failures: [],
      places: [],
      lasts: s.room,
      load: (at) => 1 + (factor - 1) * Math.min(1, (at - s.start) / 3_600),
      harmless: true,
    };
  },
  'deploy-new-level': (s) => {
    const factor = 1.2 + 0.25 * s.random();
    return { hosts: oneHost(s), failures: [], places: [], lasts: s.room, usual: () => factor, harmless: true };
  },
  /** Within a day, and where there is less room within that. */
  'opt-in-doubling': (s) => ({
    hosts: allHosts(s),
    failures: [],
    places: [],
    lasts: s.room,
    optIn: (at) => 1 + Math.min(1, (at - s.start) / Math.min(DAY_S, s.room)),
    harmless: true,
  }),
};

export const SCRIPT_NAMES: readonly string[] = Object.keys(SCRIPTS);

/** Plays a script in a scene. */
export function makeIncident(name: string, id: string, scene: Scene): Incident {
  const script = SCRIPTS[name];
  if (script === undefined) throw new Error(`there is no script "${name}"`);
  const { lasts, verdict = null, harmless = false, fake = false, ...parts } = script(scene);
  const { project, start, room } = scene;
  return {
    id,
    script: name,
    project,
    start,
    end: start + Math.min(lasts, room),
    verdict: harmless ? null : verdict,
    harmless,
    fake,
    ...parts,
  };
}

/** The names in a drawn order. */
export function shuffled(names: readonly string[], random: Random): string[] {
  const left = [...names];
  return names.map(() => left.splice(Math.floor(random() * left.length), 1)[0] ?? '');
}
