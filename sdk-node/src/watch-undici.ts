/**
 * Watches `fetch` and undici by `diagnostics_channel`, bundled or from npm, without patching.
 *
 * `undici:request:create` is published synchronously in the async context of the caller (measured on 20.20), the later channels are
 * not: on a reused connection they run in the context of whoever opened it. Hence a request is accepted at its creation only.
 * An abort while connecting is published when undici's own connect timer ends, after 10 s at most.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { REDIRECT_LOOP } from './codes.js';
import { factsOf } from './error-facts.js';
import { followRedirects } from './redirects.js';
import { quiet } from './watch.js';
import type { Track, Watch } from './watch.js';

interface UndiciRequest {
  readonly origin?: string | URL;
  readonly path?: string;
  readonly method?: string;
  readonly upgrade?: string | boolean | null;
}

interface Message {
  readonly request: UndiciRequest;
  readonly error?: unknown;
  readonly response?: { readonly statusCode: number; readonly headers?: readonly unknown[] };
}

const urlOf = ({ origin, path = '' }: UndiciRequest): string => new URL(String(origin)).origin + path;

/** Headers come as names and values in turn. */
function locationOf(response: Message['response']): string | undefined {
  const headers = response?.headers ?? [];
  const at = headers.findIndex((text, index) => index % 2 === 0 && String(text).toLowerCase() === 'location');
  return at < 0 ? undefined : String(headers[at + 1]);
}

/** Starts watching; the result stops it. `resource` of such failures is `fetch`. Never throws. */
export function watchUndici(watch: Watch): () => void {
  const tracks = new WeakMap<object, Track>();
  const redirects = followRedirects();
  const connectErrors = new WeakSet<object>();
  /** The last origin, since most requests go where the one before went. */
  let at: { text: string; origin: string; scheme: string; host: string } | undefined;
  const onTrack = (run: (track: Track, message: Message) => void) =>
    quiet<Message>((message) => {
      const track = tracks.get(message.request);
      if (track) run(track, message);
    });

  const listeners: Record<string, (message: unknown) => void> = {
    'undici:request:create': quiet<{ request: UndiciRequest }>(({ request }) => {
      // No channel tells that its connection was handed over: where only failures are seen, none is counted.
      if (request.upgrade || request.method === 'CONNECT') return;
      const text = String(request.origin);
      if (!at || at.text !== text) {
        const { origin, protocol, hostname } = new URL(text);
        at = { text, origin, scheme: protocol.slice(0, -1), host: hostname };
      }
      const track = watch.begin({ resource: 'fetch', ...at, path: request.path ?? '', method: request.method ?? '' });
      if (!track) return;
      tracks.set(request, track);
      redirects.begin(request, () => urlOf(request));
    }),
    'undici:client:connectError': quiet<{ error: object }>(({ error }) => void connectErrors.add(error)),
    'undici:client:sendHeaders': onTrack((track) => {
      track.stage = 'request';
    }),
    'undici:request:headers': onTrack((track, { request, response }) => {
      track.stage = 'response';
      track.statusCode = response?.statusCode ?? 0;
      // A body that nobody reads never ends; the status of a failure is told already.
      if (track.statusCode >= 500) watch.finish(track);
      else if (track.statusCode >= 300 && redirects.isLoop(request, urlOf(request), track.statusCode, locationOf(response)))
        watch.finish(track, factsOf({ code: REDIRECT_LOOP }, true));
    }),
    'undici:request:trailers': onTrack((track) => watch.finish(track)),
    'undici:request:error': onTrack((track, { error }) => {
      if (typeof error === 'object' && error !== null && connectErrors.has(error)) track.stage = 'connect';
      const facts = factsOf(error, false);
      // undici names the peer as the cause by this code; its own aborts have others.
      watch.finish(track, { ...facts, byPeer: facts.code === 'UND_ERR_SOCKET' });
    }),
  };
  for (const [name, listen] of Object.entries(listeners)) subscribe(name, listen);
  return () => {
    for (const [name, listen] of Object.entries(listeners)) unsubscribe(name, listen);
  };
}
