/** The route `/.well-known/outcry-nel` for the watched host's own server: express, or plain node:http. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { NEL_PATH, nelHeaders } from './nel-policy.js';
import type { NelRouteOptions } from './nel-policy.js';

/** Answers the route and nothing else: `next`, where it is given, is called for every other request. */
export type NelRoute = (request: IncomingMessage, response: ServerResponse, next?: (error?: unknown) => void) => boolean;

const METHODS = 'GET, HEAD';

/**
 * Makes the route. No other answer of the server should carry `NEL` or `Report-To` headers: only a page whose user agreed asks here.
 *
 * - `GET /.well-known/outcry-nel`: 204 with the policy.
 * - `GET /.well-known/outcry-nel?remove`: 204 with `max_age` 0, on which a browser forgets it.
 *
 * @param options - See docs/reference/sdk.md.
 * @returns express middleware; in plain node:http it says whether it has answered: `if (!nel(request, response)) …`.
 * @throws OutcryError OUTCRY_BAD_OPTION naming the option.
 * @example app.use(nelRoute({ project: 'shop', collectors: ['https://c1.example.net', 'https://c2.example.org'] }));
 */
export function nelRoute(options: NelRouteOptions): NelRoute {
  const { on, off } = nelHeaders(options);
  return (request, response, next) => {
    // Express cuts `url` to what is below a mount point; the whole is beside it.
    const { originalUrl = request.url ?? '' } = request as { originalUrl?: string };
    const [path, query] = originalUrl.split('?', 2);
    if (path !== NEL_PATH) {
      next?.();
      return false;
    }
    const isQuestion = request.method === 'GET' || request.method === 'HEAD';
    if (isQuestion) response.writeHead(204, query === 'remove' ? off : on);
    else response.writeHead(405, { Allow: METHODS, 'Cache-Control': 'no-store' });
    response.end();
    return true;
  };
}
