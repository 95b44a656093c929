/**
 * Tells what fails on this client's own way out from what fails at the service. A dead uplink, a dead resolver and a captive portal look
 * like a fault of the one host that was asked: only somebody else who cannot be reached either gives them away.
 */
import { lookup } from 'node:dns/promises';
import { kindOf, phaseOf } from '@outcry/protocol';
import type { Diagnosis } from '@outcry/protocol';
import type { Agent } from '@outcry/core';

/** As long as what was found out about the way out stands, unless an answer arrives. */
const REACHED_LASTS_MS = 60_000;
const UNREACHED_LASTS_MS = 600_000;

/** A resolver that takes longer is as good as dead. */
const LOOKUP_MS = 5_000;

interface Counted {
  readonly asked: number;
  readonly reached: number;
}

export interface Compared {
  readonly byName: Counted;
  readonly byAddress: Counted;
  /** How many were answered for by somebody who is no witness. */
  readonly strangers: number;
  /** How many of the names of those that were reached resolve now: over a connection that was kept, nobody needs a name. */
  readonly names?: { readonly asked: number; readonly resolved: number };
}

/** Whether the way out may be to blame: no answer of the host has come, nor has a connection been used. Pure. */
export const mayBeLastMile = ({ kind }: Diagnosis): boolean => kind === 'dns' || kind === 'routing' || kind === 'tls';

/** Such failures show that somebody on the way did answer. */
const ANSWERED = /^(tls\.(cert|protocol|version)|tcp\.(refused|reset|closed))/;

const isReached = ({ byName, byAddress }: Compared): boolean => byName.reached + byAddress.reached > 0;
const namesAreDead = ({ byName, byAddress, names }: Compared): boolean =>
  (byAddress.reached > 0 && byName.asked > 0 && byName.reached === 0) || (names !== undefined && names.asked > 0 && names.resolved === 0);

const isWayOut = (compared: Compared): boolean => isReached(compared) && !namesAreDead(compared);

/**
 * The diagnosis, in the light of what witnesses elsewhere answered: where none did, the failure is this client's own. Pure.
 *
 * @param compared - Undefined where nobody was asked.
 * Source: docs/reference/diagnosis-node.md.
 */
export function weigh(diagnosis: Diagnosis, compared: Compared | undefined): Diagnosis {
  if (!compared) return diagnosis;
  const { byName, byAddress, strangers, names } = compared;
  const asked = byName.asked + byAddress.asked;
  const reached = byName.reached + byAddress.reached;
  if (asked === 0) return diagnosis;
  const evidence = [...diagnosis.evidence, `${reached} of ${asked} witnesses elsewhere answer`];
  const be = (type: string, confidence: number): Diagnosis => ({ type, phase: phaseOf(type), kind: kindOf(type), confidence, evidence });
  if (reached === 0 && strangers > 0) {
    evidence.push(`${strangers} times somebody else answers in their place`);
    // With a clock far off, no certificate is valid, and no sign-in page need be there.
    if (diagnosis.type === 'tls.cert.date_invalid') return { ...diagnosis, confidence: 0.5, evidence };
    return be('client.captive_portal', strangers > 1 && strangers === asked ? 0.9 : 0.75);
  }
  if (reached === 0) {
    if (ANSWERED.test(diagnosis.type)) return be('client.uplink_dead', 0.6);
    // Without one asked by address, it may be the resolver alone.
    return be('client.uplink_dead', byName.asked > 0 && byAddress.asked > 0 ? 0.9 : asked > 1 ? 0.8 : 0.6);
  }
  if (diagnosis.kind === 'dns' && namesAreDead(compared)) {
    evidence.push('their names do not resolve');
    return be('client.resolver_dead', Math.max(byName.asked, names?.asked ?? 0) > 1 ? 0.9 : 0.7);
  }
  return { ...diagnosis, evidence };
}

/** Whether a name resolves within 5 s. Never rejects. */
function resolves(name: string): Promise<boolean> {
  const inTime = new Promise<boolean>((done) => setTimeout(() => done(false), LOOKUP_MS).unref());
  return Promise.race([
    lookup(name).then(
      () => true,
      () => false,
    ),
    inTime,
  ]);
}

export interface LastMile {
  /** Asks at most as often as the agent allows; between, the last result stands. Never rejects, takes 13 s at most. */
  compare(host: string): Promise<Compared | undefined>;
  /** Somebody answered. */
  answered(): void;
}

export function makeLastMile(agent: Pick<Agent, 'compareWitness'>, now: () => number, isResolved = resolves): LastMile {
  let last: Compared | undefined;
  let lastAtMs = 0;
  let running: Promise<Compared | undefined> | undefined;

  async function ask(host: string): Promise<Compared | undefined> {
    const answers = await agent.compareWitness(host);
    if (answers) {
      const reached = answers.filter((answer) => answer.reached);
      const counted = (isAddress: boolean): Counted => ({
        asked: answers.filter((answer) => answer.isAddress === isAddress).length,
        reached: reached.filter((answer) => answer.isAddress === isAddress).length,
      });
      const strangers = answers.filter((answer) => answer.answered && !answer.reached).length;
      const hosts = reached.filter(({ isAddress }) => !isAddress).map(({ url }) => new URL(url).hostname);
      last = { byName: counted(false), byAddress: counted(true), strangers };
      if (hosts.length > 0) {
        const resolved = (await Promise.all(hosts.map(isResolved))).filter(Boolean).length;
        last = { ...last, names: { asked: hosts.length, resolved } };
      }
      lastAtMs = now();
    }
    const lastsMs = last && isWayOut(last) ? REACHED_LASTS_MS : UNREACHED_LASTS_MS;
    return Math.abs(now() - lastAtMs) < lastsMs ? last : undefined;
  }

  return {
    // One question at a time serves all failures, whatever their hosts: it is about the way out.
    compare: (host) => (running ??= ask(host).finally(() => (running = undefined))),
    answered() {
      if (last && !isWayOut(last)) last = undefined;
    },
  };
}
