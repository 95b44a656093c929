/**
 * What a failed request means, from evidence that was seen to be reliable in Chromium and Firefox. Pure.
 *
 * A page learns almost nothing from the failure itself: name resolution, refused connections, handshakes, resets and CORS all reject
 * with the same `TypeError`. What cannot be told is called `unknown`. The first rule that holds decides:
 *
 *  1. A status came: `http.error`.
 *  2. The page's policy forbade it, or it was mixed content: `policy.*`.
 *  3. The browser says it is offline (its "online" proves nothing): `client.offline`.
 *  4. No witness elsewhere could be reached either, nor this host: `client.uplink_dead`, the surer the more witnesses were asked.
 *  5. Headers came and the answer then broke off: `http.response.invalid`.
 *  6. The app's own time limit ended it: `abandoned`, kind `timeout`.
 *  7. It was given up after 10 s without an answer in a visible page: `abandoned` at 0.5 or less, for a user may have lost patience.
 *  8. It was rejected, but a `no-cors` request reaches the same host: refused by CORS, unless this page has read answers of that
 *     origin before, or Firefox says that no connection stood. Then it may as well have healed, or a gateway's error page lacks the header.
 *  9. Firefox says that a connection stood, and no answer came: `http.failed`. Not after a minute: then a reused connection may have died.
 * 10. Else `unknown`. Its confidence says how sure it is that this client's own uplink is not to blame.
 */
import { kindOf, phaseOf } from '@outcry/protocol';
import type { Diagnosis, Stage } from '@outcry/protocol';
import type { Ending } from './watch/ending.js';

export interface Evidence extends Ending {
  readonly elapsedMs: number;
  /** `navigator.onLine` */
  readonly online: boolean;
  /** What the page's own rules stopped. */
  readonly policy: 'none' | 'csp' | 'mixed_content';
  /** What a `no-cors` request to the same host did right after. */
  readonly probe: 'not_run' | 'answered' | 'failed' | 'stalled';
  readonly witnessesAsked: number;
  readonly witnessesReached: number;
  /** This page has read an answer of this origin. */
  readonly readBefore: boolean;
  /** Firefox alone: its Resource Timing entry of a failed request has an end only where a connection stood. */
  readonly trace: 'none' | 'no_connection' | 'connection';
}

const MINUTE_MS = 60_000;
const PROBE_WORDS = {
  not_run: '',
  answered: 'The host answers now.',
  failed: 'The host cannot be reached now.',
  stalled: 'The host does not answer now.',
};

/** Never throws. The rules stand in the header of this file. */
export function diagnose(seen: Evidence): Diagnosis {
  const { how, statusCode, silent, elapsedMs, probe, witnessesAsked: asked, witnessesReached: reached, trace } = seen;
  const evidence = [
    PROBE_WORDS[probe],
    asked ? `${reached} of ${asked} witnesses elsewhere answer.` : '',
    trace === 'none' ? '' : `A connection ${trace === 'connection' ? 'stood' : 'had not come about'}.`,
  ].filter(Boolean);
  const be = (type: string, confidence: number, words: string, stage: Stage = 'unknown'): Diagnosis => ({
    type,
    phase: phaseOf(type, stage),
    kind: kindOf(type, stage),
    confidence,
    evidence: [words, ...evidence],
  });
  const connected: Stage = trace === 'connection' ? 'request' : 'unknown';

  if (how === 'answered') return be('http.error', 0.99, `Status ${statusCode}.`);
  if (seen.policy !== 'none') return be(`policy.${seen.policy}`, 0.95, 'The rules of the page forbid it.');
  if (!seen.online) return be('client.offline', 0.95, 'The browser is offline.');
  if (asked && !reached && probe !== 'answered')
    return be('client.uplink_dead', asked > 1 ? 0.8 : 0.6, 'Nothing else can be reached either.');
  if (how === 'failed' && !silent) return be('http.response.invalid', 0.9, 'The answer began and broke off.');
  if (how === 'timer')
    return be('abandoned', reached || probe === 'answered' ? 0.9 : 0.7, `No answer within the ${elapsedMs} ms of the app.`, connected);
  if (how === 'aborted') return be('abandoned', reached ? 0.5 : 0.3, `Given up after ${elapsedMs} ms without an answer.`, connected);
  if (probe === 'answered' && !seen.readBefore && trace !== 'no_connection')
    return be('cors.refused', trace === 'connection' ? 0.8 : 0.7, 'The network works, but the page may not read the answer.');
  if (probe !== 'answered' && trace === 'connection' && elapsedMs < MINUTE_MS)
    return be('http.failed', 0.7, 'The connection stood, and no answer came.');
  return be('unknown', reached ? 0.6 : probe === 'answered' ? 0.5 : 0, 'The browser does not say why.');
}
