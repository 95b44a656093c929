/** What is known of one failed request: all that a diagnosis may rest on. */
import type { Ending, Resource } from '../watch/ending.js';

/** What became of a small request of our own; `stalled`: nothing within our limit. */
export type Reply = 'not_run' | 'answered' | 'failed' | 'stalled';

/** Of a witness elsewhere; `stranger`: something answered that is no witness. */
export type WitnessReply = 'witness' | 'stranger' | 'silent';

/** What WebRTC says of the host. Chromium's error names a failed lookup and shows whether a connection stood; Firefox only how fast it ended. */
export interface IceSeen {
  /** `stun:` by the watched name. */
  readonly lookup: 'not_run' | 'failed' | 'resolved' | 'silent';
  /** `turns:` on the service's port: `stood`: TLS came about; `ended`: it ended at once, for a reason that cannot be told. */
  readonly tls: 'not_run' | 'stood' | 'failed' | 'ended' | 'silent';
  /** The same without TLS: `accepted`: TCP came about. */
  readonly tcp: 'not_run' | 'accepted' | 'failed' | 'silent';
}

/** Firefox alone: its Resource Timing entry of a failed request has an end only where a connection stood. */
export type Trace = 'none' | 'no_connection' | 'connection';

export interface Evidence extends Ending {
  readonly resource: Resource;
  readonly elapsedMs: number;
  /** It has not ended; `how` is then `timer`. */
  readonly pending: boolean;
  readonly engine: 'chromium' | 'firefox' | 'other';
  /** The constants of seconds were measured on Linux. */
  readonly linux: boolean;
  /** `navigator.onLine` */
  readonly online: boolean;
  /** What the page's own rules stopped. */
  readonly policy: 'none' | 'csp' | 'mixed_content';
  /** A service worker stands between page and network: times and answers may be its own. */
  readonly worker: boolean;
  readonly trace: Trace;
  /** What a `no-cors` request to the same host did right after, and how long it took. */
  readonly probe: Reply;
  readonly probeMs: number;
  readonly probeTrace: Trace;
  /** How old the oldest result is, of our own requests and of the witnesses. */
  readonly probedAgoMs: number;
  /** Asked only where the probe was answered: a request to the same path that must be allowed to read the answer. */
  readonly readable: 'not_run' | 'yes' | 'no';
  /** Asked only where the probe failed late: the host answers with a redirect. */
  readonly redirected: boolean;
  /** Other ways to the same server: another name or its address, another port of the same name, both differing. */
  readonly otherName: Reply;
  readonly otherNameMs: number;
  readonly otherPort: Reply;
  readonly otherBoth: Reply;
  readonly ice: IceSeen;
  /** Witnesses asked by name, and by address. */
  readonly byName: readonly WitnessReply[];
  readonly byAddress: readonly WitnessReply[];
  /** What this page has read before: nothing of this origin, something, or an answer of this very path. */
  readonly readBefore: 'nothing' | 'origin' | 'path';
  /** The host has answered this browser, be it days ago. */
  readonly everReached: boolean;
  /** The browser asks the service first whether the page may send such a request (CORS preflight), and it has let one through before. */
  readonly permission: 'not_needed' | 'had' | 'never_had';
  /** The host has answered over HTTP/2 or 3, as far as the page may see. */
  readonly multiplexed: boolean;
  /** The round-trip time to this host, milliseconds; `exact` from connection phases, else the smallest warm answer. */
  readonly roundTrip: { readonly ms: number; readonly exact: boolean; readonly tlsTrips: number } | undefined;
  /** How late this page's own timer was: a busy page measures nothing. */
  readonly lagMs: number;
}

export const NO_ICE: IceSeen = { lookup: 'not_run', tls: 'not_run', tcp: 'not_run' };
