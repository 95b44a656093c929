/**
 * What needs no probe: the answer came, the page's own rules forbade it, or the browser says that it is offline.
 *
 * - A status: `http.error`.
 * - A rule of the page, or plain HTTP on a secure page: `policy.*`. Fact: the `securitypolicyviolation` event, in both engines. Plain HTTP
 *   may have been asked over HTTPS instead: images and media always, everything where the page says `upgrade-insecure-requests`.
 * - `navigator.onLine` is false: `client.offline`. Fact: false in both engines without an interface, in Firefox without a route; true
 *   proves nothing.
 * - Headers had come and the body then failed: `http.response.invalid`, or what Firefox's words say. Fact: both engines reject the
 *   reading of a body that is cut short, reset or cannot be unpacked. Waiting for the rest until the app's limit: `abandoned`.
 */
import type { Diagnosis } from '@outcry/protocol';
import type { Evidence } from './evidence.js';
import type { Say } from './say.js';

export function byOwnRules(seen: Evidence, say: Say): Diagnosis | undefined {
  const { how, statusCode, policy, online, resource, readBefore } = seen;
  if (how === 'answered') return say('http.error', 0.99, `Status ${statusCode}.`);
  const isUpgraded = policy === 'mixed_content' && (readBefore !== 'nothing' || /image|media/.test(resource));
  if (policy !== 'none') return say(`policy.${policy}`, isUpgraded ? 0.5 : 0.95, 'The rules of the page forbid it.');
  if (!online) return say('client.offline', 0.95, 'The browser is offline.');
  return undefined;
}

/** Of a request whose headers had come. */
export function byBody({ how, sign, elapsedMs }: Evidence, say: Say): Diagnosis {
  if (how === 'timer') return say('abandoned', 0.95, `The answer began and was not complete within ${elapsedMs} ms.`, 'response');
  if (sign === 'length') return say('http.response.invalid.content_length_mismatch', 0.95, 'The answer broke off.');
  return say('http.response.invalid', 0.92, sign === 'decoding' ? 'The answer cannot be unpacked.' : 'The answer began and broke off.');
}
