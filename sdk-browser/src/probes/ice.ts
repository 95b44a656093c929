/**
 * STUN and TURN by the host's own name: WebRTC's errors say more than a failed request does. Only where the `landmarks` option names such
 * URLs, since a connection attempt of WebRTC may surprise whoever watches the page.
 *
 * Facts: Chromium's error says "lookup" when the name cannot be resolved, and has an address exactly when a connection (for `turns:` with
 * TLS) stood; errors of its IPv6 socket come on a healthy network too. Firefox says only 701, at once or after ten seconds, for each socket
 * of its own; so only the end of its search tells that none got further.
 */
import type { IceSeen } from '../diagnose/evidence.js';
import { NO_ICE } from '../diagnose/evidence.js';
import type { Landmarks } from './landmarks.js';

type Connect = typeof RTCPeerConnection;

type Heard = 'found' | 'lookup' | 'address' | 'no_address' | 'bare' | 'silent';

const AFTER_TLS_MS = 400;

const isOfIpv6Socket = (address: string | null): boolean => address?.startsWith('[') ?? false;

/** What WebRTC says of one server within the time; never rejects. */
function hear(
  Connection: Connect,
  urls: string,
  capMs: number,
  setTimer: (run: () => void, ms: number) => () => void,
  abort: AbortSignal,
): Promise<Heard> {
  return new Promise((resolve) => {
    let connection: RTCPeerConnection | undefined;
    let bare = false;
    const end = (heard: Heard): void => {
      cancel();
      abort.removeEventListener('abort', stop);
      try {
        connection?.close();
      } catch {
        // It never came about.
      }
      resolve(heard);
    };
    const stop = (): void => end('silent');
    const cancel = setTimer(stop, capMs);
    abort.addEventListener('abort', stop);
    try {
      // TURN wants some name; nobody is signed in with it.
      connection = new Connection({ iceServers: [{ urls, ...(urls.startsWith('turn') && { username: 'x', credential: 'x' }) }] });
      connection.createDataChannel('');
      connection.addEventListener('icecandidate', ({ candidate }) => {
        if (candidate && / typ (srflx|relay)/.test(candidate.candidate)) end('found');
        else if (!candidate && bare) end('bare');
      });
      connection.addEventListener('icecandidateerror', (event) => {
        const { address, errorText } = event;
        if (isOfIpv6Socket(address)) return;
        if (!address && !errorText) bare = true;
        else end(/lookup/.test(errorText) ? 'lookup' : address ? 'address' : 'no_address');
      });
      connection
        .createOffer()
        .then((offer) => connection?.setLocalDescription(offer))
        .catch(stop);
    } catch {
      stop();
    }
  });
}

/** Asks at most three times over WebRTC. Never rejects. */
export async function askIce(
  Connection: Connect | undefined,
  { stun, turns }: Pick<Landmarks, 'stun' | 'turns'>,
  capMs: number,
  setTimer: (run: () => void, ms: number) => () => void,
  abort: AbortSignal,
): Promise<IceSeen> {
  if (!Connection || abort.aborted) return NO_ICE;
  const enough = new AbortController();
  const stop = (): void => enough.abort();
  abort.addEventListener('abort', stop);
  const to = (urls: string | undefined): Promise<Heard | undefined> =>
    urls === undefined ? Promise.resolve(undefined) : hear(Connection, urls, capMs, setTimer, enough.signal);
  const overTls = to(turns).then((heard) => {
    // What has not said more by then is silent: a refused connection is no later than a failed handshake.
    if (heard && heard !== 'silent') setTimer(stop, AFTER_TLS_MS);
    return heard;
  });
  const [lookup, tls, tcp] = await Promise.all([to(stun), overTls, to(turns?.replace(/^turns/, 'turn'))]);
  abort.removeEventListener('abort', stop);
  const asLookup = {
    found: 'resolved',
    lookup: 'failed',
    bare: 'failed',
    address: 'resolved',
    no_address: 'silent',
    silent: 'silent',
  } as const;
  const asTls = { found: 'stood', address: 'stood', no_address: 'failed', lookup: 'failed', bare: 'ended', silent: 'silent' } as const;
  const asTcp = {
    found: 'accepted',
    address: 'accepted',
    no_address: 'failed',
    lookup: 'failed',
    bare: 'silent',
    silent: 'accepted',
  } as const;
  return {
    lookup: lookup ? asLookup[lookup] : 'not_run',
    tls: tls ? asTls[tls] : 'not_run',
    tcp: tcp ? (tcp === 'silent' && tls !== 'no_address' ? 'silent' : asTcp[tcp]) : 'not_run',
  };
}
