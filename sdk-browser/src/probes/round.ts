/**
 * One round of probes after a failure: the failing host itself, its landmarks, WebRTC where configured. At most one round per host and
 * minute, six per hour, whatever its ports; between them the last one of the same origin stands for ten minutes. All hosts together have a budget of bytes per hour. A round is
 * cancelled when the host answers the app again: that tells what its own small request would have told.
 */
import type { IceSeen } from '../diagnose/evidence.js';
import { NO_ICE } from '../diagnose/evidence.js';
import { ask } from './ask.js';
import type { AskParts, Asked } from './ask.js';
import { askIce } from './ice.js';
import { sortLandmarks } from './landmarks.js';

const GAP_MS = 60_000;
const HOUR_MS = 3_600_000;
const PER_HOUR = 6;
const RESULT_LASTS_MS = 600_000;
/** A TLS handshake with headers, generously; WebRTC's packets are fewer. */
const REQUEST_BYTES = 8_000;
const BYTES_PER_HOUR = 400_000;

export interface Round {
  readonly atMs: number;
  readonly probe: Asked;
  readonly otherName: Asked;
  readonly otherPort: Asked;
  readonly otherBoth: Asked;
  readonly ice: IceSeen;
  readonly readable: 'not_run' | 'yes' | 'no';
  readonly redirected: boolean;
}

export interface Question {
  readonly url: URL;
  /** How long each request of the round may take. */
  readonly capMs: number;
  /** Ask for a readable answer of the same path too, where the host answers. */
  readonly mayRead: boolean;
  /** Whether a probe that failed like this may have been led from one address to another without end. */
  readonly mayRedirect: (probe: Asked) => boolean;
  /** It is likely enough to ask at once. */
  readonly seemsRedirected: boolean;
}

export interface Probes {
  /** Never rejects; undefined where the budget is used up and no earlier round stands, or after `stop`. */
  ask(question: Question): Promise<Round | undefined>;
  /** The host answers again: a running round ends with that, and the last one is forgotten. */
  healed(origin: string): void;
  /** The page is being left: what runs is cancelled. */
  readonly leave: () => void;
  /** Consent is gone: what runs is cancelled, what was found out forgotten. Budgets stand. */
  stop(): void;
}

export interface ProbesParts extends AskParts {
  readonly now: () => number;
  readonly landmarks: Readonly<Record<string, readonly string[]>>;
  readonly connection: typeof RTCPeerConnection | undefined;
  /** Asked once per round, after its place in the budget is taken: a round that is left out counts like one that is made. */
  readonly mayProbe: () => Promise<boolean>;
}

interface Past {
  running?: { readonly result: Promise<Round | undefined>; readonly abort: AbortController } | undefined;
  last?: Round | undefined;
}

const HEALED = 'healed';
const NOT_ASKED: Asked = { reply: 'not_run', ms: 0, leadsOn: false, startedMark: 0 };

const ANSWERED: Asked = { ...NOT_ASKED, reply: 'answered' };
const NOTHING_ASKED = {
  otherName: NOT_ASKED,
  otherPort: NOT_ASKED,
  otherBoth: NOT_ASKED,
  ice: NO_ICE,
  readable: 'not_run',
  redirected: false,
} as const;

/** Any that answers will do; else what the first one said. */
async function best(replies: readonly Promise<Asked>[]): Promise<Asked> {
  const all = await Promise.all(replies);
  return all.find(({ reply }) => reply === 'answered') ?? all[0] ?? NOT_ASKED;
}

export function makeProbes(parts: ProbesParts): Probes {
  const { now, setTimer, landmarks, connection, mayProbe } = parts;
  /** By origin. */
  const pasts = new Map<string, Past>();
  /** The rounds of the last hour. */
  let made: (readonly [atMs: number, hostname: string, bytes: number])[] = [];

  async function run({ url, capMs, mayRead, mayRedirect, seemsRedirected }: Question, { signal }: AbortController): Promise<Round> {
    const atMs = now();
    const known = sortLandmarks(landmarks[url.hostname] ?? [], url);
    const head = (target: string, init?: RequestInit): Promise<Asked> => ask(parts, target, capMs, signal, init);
    const all = (urls: readonly string[]): Promise<Asked> => best(urls.slice(0, 2).map((each) => head(each)));
    const icon = `${url.origin}/favicon.ico`;
    const redirects = async (): Promise<boolean> => (await head(icon, { mode: 'cors', redirect: 'manual' })).leadsOn;
    const reads = async (): Promise<boolean> => (await head(url.origin + url.pathname, { mode: 'cors' })).reply === 'answered';
    const [probe, early, otherName, otherPort, otherBoth, ice] = await Promise.all([
      head(icon),
      seemsRedirected && redirects(),
      all(known.otherName),
      all(known.otherPort),
      all(known.otherBoth),
      known.stun || known.turns ? askIce(connection, known, Math.min(capMs, 3_000), setTimer, signal) : NO_ICE,
    ]);
    const readable = probe.reply !== 'answered' || !mayRead ? 'not_run' : (await reads()) ? 'yes' : 'no';
    const redirected =
      probe.reply !== 'answered' && (early || (probe.reply === 'failed' && !seemsRedirected && mayRedirect(probe) && (await redirects())));
    return { atMs, probe, otherName, otherPort, otherBoth, ice, readable, redirected };
  }

  function leave(): void {
    for (const { running } of pasts.values()) running?.abort.abort();
  }

  /** False when it would be too much for this host or this hour. */
  function spend(at: number, hostname: string): boolean {
    // The clock may have been set back since.
    made = made.filter(([atMs]) => Math.abs(at - atMs) < HOUR_MS);
    const times = made.filter(([, of]) => of === hostname);
    const left = made.reduce((sum, [, , each]) => sum - each, BYTES_PER_HOUR);
    const bytes = REQUEST_BYTES * (2 + (landmarks[hostname]?.length ?? 0));
    if (times.length >= PER_HOUR || times.some(([atMs]) => Math.abs(at - atMs) < GAP_MS) || bytes > left) return false;
    made.push([at, hostname, bytes]);
    return true;
  }

  return {
    ask(question) {
      const { hostname, origin } = question.url;
      const past: Past = pasts.get(origin) ?? {};
      pasts.set(origin, past);
      if (past.running) return past.running.result;
      const at = now();
      const { last } = past;
      if (!spend(at, hostname)) return Promise.resolve(last && Math.abs(at - last.atMs) < RESULT_LASTS_MS ? last : undefined);
      const abort = new AbortController();
      const result = mayProbe()
        .then((may) => (may && !abort.signal.aborted ? run(question, abort) : undefined))
        .catch(() => undefined)
        .then((round) => {
          past.running = undefined;
          if (abort.signal.reason === HEALED) return { ...NOTHING_ASKED, atMs: at, probe: ANSWERED };
          return (past.last = abort.signal.aborted ? undefined : round);
        });
      past.running = { result, abort };
      return result;
    },
    healed(origin) {
      pasts.get(origin)?.running?.abort.abort(HEALED);
      pasts.delete(origin);
    },
    leave,
    stop() {
      leave();
      pasts.clear();
    },
  };
}
