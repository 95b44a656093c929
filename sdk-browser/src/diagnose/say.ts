/** Puts a diagnosis together, with the facts in words. */
import { kindOf, phaseOf } from '@outcry/protocol';
import type { Diagnosis, Stage } from '@outcry/protocol';
import type { Evidence, Reply } from './evidence.js';

/** Says a type with its confidence, why, and at which stage the request failed. */
export type Say = (type: string, confidence: number, why: string, stage?: Stage) => Diagnosis;

const SAID: Readonly<Record<Reply, string>> = {
  not_run: '',
  answered: 'answers',
  failed: 'cannot be reached',
  stalled: 'does not answer',
};

const line = (who: string, reply: Reply): string => (reply === 'not_run' ? '' : `${who} ${SAID[reply]}.`);

function facts(seen: Evidence): string[] {
  const { byName, byAddress, trace, roundTrip, probe, probeMs, elapsedMs, ice } = seen;
  const witnesses = [...byName, ...byAddress];
  const reached = witnesses.filter((reply) => reply === 'witness').length;
  return [
    roundTrip && elapsedMs > 0 ? `${Math.round(elapsedMs)} ms, at ${Math.round(roundTrip.ms)} ms a round trip.` : '',
    probe === 'not_run' ? '' : `The host ${SAID[probe]} now (${Math.round(probeMs)} ms).`,
    line('Its other name', seen.otherName),
    line('Its other port', seen.otherPort),
    line('Another way to it', seen.otherBoth),
    ice.lookup === 'not_run' ? '' : `STUN by its name: ${ice.lookup}.`,
    ice.tls === 'not_run' ? '' : `TURN over TLS: ${ice.tls}; over TCP: ${ice.tcp}.`,
    witnesses.length > 0 ? `${reached} of ${witnesses.length} witnesses elsewhere answer.` : '',
    trace === 'none' ? '' : `A connection ${trace === 'connection' ? 'stood' : 'had not come about'}.`,
  ].filter(Boolean);
}

/** How sure a diagnosis can be whose probes are this old: what was seen minutes ago may be over. */
const FRESH_MS = 60_000;
const STALE_CAP = 0.6;
/** What a service worker may have answered or delayed. */
const WORKER_CAP = 0.65;

/** `rested`: the diagnosis rests on probes or times, so their age and a service worker limit its confidence. */
export function saying(seen: Evidence, rested: boolean): Say {
  const evidence = facts(seen);
  const cap = Math.min(seen.probedAgoMs > FRESH_MS ? STALE_CAP : 1, seen.worker ? WORKER_CAP : 1);
  return (type, confidence, why, stage = 'unknown') => ({
    type,
    phase: phaseOf(type, stage),
    kind: kindOf(type, stage),
    confidence: rested ? Math.min(confidence, cap) : confidence,
    evidence: [why, ...evidence],
  });
}
