/** The kind and the phase that a failure counts as, by its type and the stage that failed. Source: the kind table of ADR 0001. */
import type { Kind, Phase, Stage } from './kinds.js';

const KIND_OF_GROUP: Readonly<Record<string, Kind>> = {
  dns: 'dns',
  tls: 'tls',
  http: 'http',
  h2: 'http',
  h3: 'http',
  abandoned: 'timeout',
  cors: 'cors',
  policy: 'blocked',
  client: 'offline',
};

const PHASE_OF_GROUP: Readonly<Record<string, Phase>> = {
  dns: 'dns',
  tcp: 'connection',
  tls: 'connection',
  http: 'application',
  h2: 'application',
  h3: 'application',
  cors: 'application',
};

const PHASE_OF_STAGE: Readonly<Record<Stage, Phase>> = {
  unknown: 'unknown',
  lookup: 'dns',
  connect: 'connection',
  handshake: 'connection',
  request: 'application',
  response: 'application',
};

function groupOf(type: string): string {
  return type.split('.', 1)[0] ?? '';
}

/** Types come over the wire, so a group may be called like something every object inherits. */
function ownValue<V>(table: Readonly<Record<string, V>>, group: string): V | undefined {
  return Object.hasOwn(table, group) ? table[group] : undefined;
}

/**
 * The kind that a failure counts as.
 *
 * @param type - A NEL type or an extension of the same form; an unknown group gives `unknown`.
 * @param stage - How far the request had come; `tcp.*` of unknown stage counts as `routing`.
 * Never throws. Source: the kind table of ADR 0001.
 */
export function kindOf(type: string, stage: Stage = 'unknown'): Kind {
  const group = groupOf(type);
  if (group !== 'tcp') return ownValue(KIND_OF_GROUP, group) ?? 'unknown';
  if (stage === 'handshake') return 'tls';
  if (stage === 'request' || stage === 'response') return type === 'tcp.timed_out' ? 'timeout' : 'http';
  return 'routing';
}

/**
 * The NEL phase of a failure: the stage's where it is known, else the one its type's group belongs to.
 *
 * Never throws.
 */
export function phaseOf(type: string, stage: Stage = 'unknown'): Phase {
  return stage === 'unknown' ? (ownValue(PHASE_OF_GROUP, groupOf(type)) ?? 'unknown') : PHASE_OF_STAGE[stage];
}
