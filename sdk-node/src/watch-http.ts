/**
 * Watches `node:http` and `node:https` by `diagnostics_channel`, and follows the stage on the request's own socket.
 * Only listeners are added that change nothing: `socket`, `lookup`, `connect`, `secureConnect`, `close`.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { Socket } from 'node:net';
import { factsOf } from './error-facts.js';
import { quiet } from './watch.js';
import type { Track, Watch } from './watch.js';

interface Followed {
  readonly track: Track;
  socket?: Socket;
}

/** The other side ended the connection; a socket that the app destroyed never comes to its end. */
const endedByPeer = ({ socket }: Followed): boolean => socket?.readableEnded === true;

function follow(followed: Followed, socket: Socket): void {
  const { track } = followed;
  const secure = track.scheme === 'https';
  followed.socket = socket;
  track.exactStage = true;
  const shakesHands = secure && (socket as { secureConnecting?: boolean }).secureConnecting === true;
  if (!socket.connecting && !shakesHands) {
    track.stage = 'request';
    return;
  }
  const to = (stage: Track['stage']) => (): void => {
    track.stage = stage;
  };
  track.stage = !socket.connecting ? 'handshake' : isIP(track.host.replace(/[[\]]/g, '')) ? 'connect' : 'lookup';
  socket.once('lookup', (error) => {
    if (!(error as Error | null)) track.stage = 'connect';
  });
  socket.once('connect', to(secure ? 'handshake' : 'request'));
  socket.once('secureConnect', to('request'));
}

/** Starts watching; the result stops it. `resource` of such failures is `http`. Never throws. */
export function watchHttp(watch: Watch): () => void {
  const requests = new WeakMap<object, Followed>();

  const listeners: Record<string, (message: unknown) => void> = {
    'http.client.request.start': quiet<{ request: ClientRequest }>(({ request }) => {
      const host = isIP(request.host) === 6 ? `[${request.host}]` : request.host;
      const origin = `${request.protocol}//${String(request.getHeader('host'))}`;
      const track = watch.begin({
        origin,
        resource: 'http',
        scheme: request.protocol.slice(0, -1),
        host,
        path: request.path,
        method: request.method,
      });
      if (!track) return;
      const followed: Followed = { track };
      requests.set(request, followed);
      // An answer that hands the connection over is published on no channel. A listener for `upgrade` would keep the connection open
      // where the app has none; every request closes.
      request.once('close', () => {
        const { res } = request as { res?: IncomingMessage & { upgrade?: boolean | null } };
        if (!res?.upgrade) return;
        track.stage = 'response';
        track.statusCode = res.statusCode ?? 0;
        watch.finish(track);
      });
      if (request.socket) follow(followed, request.socket);
      else request.once('socket', (socket) => follow(followed, socket));
    }),
    'http.client.request.error': quiet<{ request: ClientRequest; error: unknown }>(({ request, error }) => {
      const followed = requests.get(request);
      if (followed) watch.finish(followed.track, factsOf(error, endedByPeer(followed)));
    }),
    'http.client.response.finish': quiet<{ request: ClientRequest; response: IncomingMessage }>(({ request, response }) => {
      const followed = requests.get(request);
      if (!followed) return;
      const { track } = followed;
      track.stage = 'response';
      track.statusCode = response.statusCode ?? 0;
      track.protocol = `http/${response.httpVersion}`;
      if (track.statusCode >= 500) watch.finish(track);
      else
        response.once('close', () => watch.finish(track, response.complete ? undefined : factsOf(response.errored, endedByPeer(followed))));
    }),
  };
  for (const [name, listen] of Object.entries(listeners)) subscribe(name, listen);
  return () => {
    for (const [name, listen] of Object.entries(listeners)) unsubscribe(name, listen);
  };
}
