import helmet from 'helmet';
import type { RequestHandler } from 'express';
import { sendProblem } from './problem.js';

/** Strict headers: no inline script or style, nothing from elsewhere, no framing. */
export function securityHeaders(): RequestHandler {
  const self = ["'self'"];
  const none = ["'none'"];
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: none,
        scriptSrc: self,
        styleSrc: self,
        connectSrc: self,
        imgSrc: self,
        baseUri: none,
        formAction: none,
        frameAncestors: none,
      },
    },
    referrerPolicy: { policy: 'no-referrer' },
    // Served over plain http on loopback.
    strictTransportSecurity: false,
    xFrameOptions: { action: 'deny' },
  }) as RequestHandler;
}

const LOOPBACK_NAME = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i;

/** Whether an address to listen on is loopback. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/**
 * Refuses requests for other names: without sign-in, a page elsewhere whose name is made to resolve to loopback (DNS rebinding) could
 * otherwise read everything through the visitor's browser.
 */
export const onlyLoopbackNames: RequestHandler = (request, response, next) => {
  if (LOOPBACK_NAME.test(request.headers.host ?? '')) next();
  else sendProblem(response, 'bad_parameter', 'the Host header is not a loopback name');
};
