/** What WebRTC tells of a host, by a connection that says what the test makes it say. */
import { describe, expect, it } from 'vitest';
import { askIce } from '../../../sdk-browser/src/probes/ice.js';

/** A connection of WebRTC that says what the test makes it say, by the URL it is given. */
function fakeConnection(says: Record<string, (target: EventTarget) => void>) {
  const open = new Set<object>();
  const urls: string[] = [];
  class Fake extends EventTarget {
    constructor({ iceServers }: { iceServers: { urls: string }[] }) {
      super();
      open.add(this);
      const url = iceServers[0]?.urls ?? '';
      urls.push(url);
      setTimeout(() => says[url.split(':')[0] ?? '']?.(this), 1);
    }
    createDataChannel(): void {}
    createOffer(): Promise<object> {
      return Promise.resolve({});
    }
    setLocalDescription(): Promise<void> {
      return Promise.resolve();
    }
    close(): void {
      open.delete(this);
    }
  }
  return { Fake: Fake as unknown as typeof RTCPeerConnection, open, urls };
}
const error = (address: string | null, errorText: string) => (target: EventTarget) =>
  target.dispatchEvent(Object.assign(new Event('icecandidateerror'), { errorCode: 701, address, errorText }));
const candidate = (text: string) => (target: EventTarget) =>
  target.dispatchEvent(Object.assign(new Event('icecandidate'), { candidate: { candidate: text } }));
const searched = (target: EventTarget) => target.dispatchEvent(Object.assign(new Event('icecandidate'), { candidate: null }));
const inTurn =
  (...says: ((target: EventTarget) => unknown)[]) =>
  (target: EventTarget): void => {
    for (const each of says) each(target);
  };
const timer = (run: () => void, ms: number) => {
  const id = setTimeout(run, Math.min(ms, 100));
  return () => clearTimeout(id);
};
const BOTH = { stun: 'stun:api.shop.example', turns: 'turns:api.shop.example:443?transport=tcp' };

describe('askIce', () => {
  const ask = (
    says: Record<string, (target: EventTarget) => void>,
    known: { stun: string | undefined; turns: string | undefined } = BOTH,
  ) => {
    const fake = fakeConnection(says);
    return askIce(fake.Fake, known, 100, timer, new AbortController().signal).then((seen) => ({ seen, ...fake }));
  };

  it("reads Chromium's words and addresses", async () => {
    const refusedText = 'Failed to establish connection';
    const { seen, open, urls } = await ask({
      stun: error('10.0.0.2', 'STUN host lookup received error.'),
      turns: error(null, refusedText),
      turn: error('10.0.0.2', refusedText),
    });
    expect(seen).toEqual({ lookup: 'failed', tls: 'failed', tcp: 'accepted' });
    expect(urls.sort()).toEqual(['stun:api.shop.example', 'turn:api.shop.example:443?transport=tcp', BOTH.turns]);
    expect(open.size).toBe(0);
    expect((await ask({ turns: error('10.0.0.2', refusedText) })).seen.tls).toBe('stood');
    expect((await ask({ turns: error(null, refusedText), turn: error(null, refusedText) })).seen).toMatchObject({
      tls: 'failed',
      tcp: 'failed',
    });
    // A server that waits for more than TURN's bytes accepted TCP.
    expect((await ask({ turns: error(null, refusedText) })).seen).toMatchObject({ tls: 'failed', tcp: 'accepted' });
  });

  it('takes a candidate seen from outside for a name that resolves, and no word for none', async () => {
    const found = candidate('candidate:1 1 udp 1 192.0.2.9 5000 typ srflx raddr 0.0.0.0 rport 0');
    expect((await ask({ stun: found })).seen.lookup).toBe('resolved');
    expect((await ask({ stun: candidate('candidate:1 1 udp 1 x.local 5000 typ host') })).seen.lookup).toBe('silent');
    expect((await ask({})).seen).toEqual({ lookup: 'silent', tls: 'silent', tcp: 'silent' });
  });

  it('takes the bare error of Firefox for its speed alone, once its search is over, and ignores the IPv6 socket of Chromium', async () => {
    const bare = inTurn(error(null, ''), searched);
    expect((await ask({ stun: bare, turns: bare })).seen).toMatchObject({ lookup: 'failed', tls: 'ended' });
    // One of its sockets failed, another got through or still waits.
    const found = candidate('candidate:1 1 udp 1 192.0.2.9 5000 typ srflx raddr 0.0.0.0 rport 0');
    expect((await ask({ stun: inTurn(error(null, ''), found, searched) })).seen.lookup).toBe('resolved');
    expect((await ask({ stun: error(null, '') })).seen.lookup).toBe('silent');
    expect((await ask({ stun: error('[0:0:0:x]', 'STUN host lookup received error.') })).seen.lookup).toBe('silent');
  });

  it('asks only what is configured, and nothing where WebRTC is missing or forbidden', async () => {
    expect((await ask({}, { stun: BOTH.stun, turns: undefined })).urls).toEqual([BOTH.stun]);
    const none = { lookup: 'not_run', tls: 'not_run', tcp: 'not_run' };
    expect(await askIce(undefined, BOTH, 100, timer, new AbortController().signal)).toEqual(none);
    class Forbidden {
      constructor() {
        throw new Error('forbidden');
      }
    }
    const forbidden = Forbidden as unknown as typeof RTCPeerConnection;
    expect((await askIce(forbidden, BOTH, 100, timer, new AbortController().signal)).lookup).toBe('silent');
  });
});
