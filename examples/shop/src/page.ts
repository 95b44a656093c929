/** The page's own policy and the settings that its script reads. */
import helmet from 'helmet';
import type { RequestHandler } from 'express';
import type { Fault } from './faults.js';

/** What the page's script needs to know; served at `/settings.json`. */
export interface PageSettings {
  readonly project: string;
  readonly release: string;
  readonly hosts: readonly string[];
  readonly collectors: readonly string[];
  readonly recipient_key: string;
  /** The analyzer's live view of the development project. */
  readonly live_url: string;
  readonly faults: readonly Fault[];
}

/** Headers of the page: nothing from elsewhere, connections only to the shop, its faults and the named collectors. */
export function pageHeaders(faults: readonly Fault[], collectors: readonly string[]): RequestHandler {
  const origins = new Set([...faults.map(({ url }) => new URL(url).origin), ...collectors]);
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'none'"],
        'script-src': ["'self'"],
        'style-src': ["'self'"],
        'img-src': ["'self'"],
        'connect-src': ["'self'", ...origins],
        'base-uri': ["'none'"],
        'form-action': ["'none'"],
        'frame-ancestors': ["'none'"],
      },
    },
    // The shop is plain http on loopback.
    strictTransportSecurity: false,
  });
}
