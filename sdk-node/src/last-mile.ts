/**
 * Tells what fails on this client's own way out from what fails at the service. A dead uplink, a dead resolver and a captive portal look
 * like a fault of the one host that was asked: only somebody else who cannot be reached either gives them away.
 */
import { kindOf, phaseOf } from '@outcry/protocol';
import type { Diagnosis } from '@outcry/protocol';
import type { Agent } from '@outcry/core';

const TYPE = 'client.uplink_dead';
/** As long as what was found out about the way out stands, unless an answer arrives. */
const REACHED_LASTS_MS = 60_000;
const UNREACHED_LASTS_MS = 600_000;

export interface Compared {
  readonly asked: number;
  readonly reached: number;
}

/** Whether the way out may be to blame: no answer of the host has come, nor has a connection been used. Pure. */
export const mayBeLastMile = ({ kind }: Diagnosis): boolean => kind === 'dns' || kind === 'routing' || kind === 'tls';

/**
 * The diagnosis, in the light of what witnesses elsewhere answered: where none did, the failure is this client's own. Pure.
 *
 * @param compared - Undefined where nobody was asked.
 */
export function weigh(diagnosis: Diagnosis, compared: Compared | undefined): Diagnosis {
  if (!compared?.asked) return diagnosis;
  const { asked, reached } = compared;
  const evidence = [...diagnosis.evidence, `${reached} of ${asked} witnesses elsewhere answer`];
  if (reached > 0) return { ...diagnosis, evidence };
  return { type: TYPE, phase: phaseOf(TYPE), kind: kindOf(TYPE), confidence: asked > 1 ? 0.8 : 0.6, evidence };
}

export interface LastMile {
  /** Asks at most as often as the agent allows; between, the last result stands. Never rejects, takes 8 s at most. */
  compare(host: string): Promise<Compared | undefined>;
  /** Somebody answered. */
  answered(): void;
}

export function makeLastMile(agent: Pick<Agent, 'compareWitness'>, now: () => number): LastMile {
  let last: Compared | undefined;
  let lastAtMs = 0;
  let running: Promise<Compared | undefined> | undefined;

  async function ask(host: string): Promise<Compared | undefined> {
    const answers = await agent.compareWitness(host);
    if (answers) {
      last = { asked: answers.length, reached: answers.filter(({ reached }) => reached).length };
      lastAtMs = now();
    }
    const lastsMs = last?.reached ? REACHED_LASTS_MS : UNREACHED_LASTS_MS;
    return Math.abs(now() - lastAtMs) < lastsMs ? last : undefined;
  }

  return {
    // One question at a time serves all failures, whatever their hosts: it is about the way out.
    compare: (host) => (running ??= ask(host).finally(() => (running = undefined))),
    answered() {
      if (last?.reached === 0) last = undefined;
    },
  };
}
