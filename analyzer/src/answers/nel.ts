import { masksCause, NEL_MASKING_TYPES } from '@outcry/protocol';
import { publish } from '../publish/publish.js';
import type { Published, PublishedNel } from '../publish/shapes.js';
import { ask, seconds } from '../queries/ask.js';
import { placesOf } from '../queries/in-places.js';
import { nelByType } from '../queries/nel-by-type.js';
import { stretchOf } from '../queries/stretch.js';
import { policyOf } from './settings.js';
import type { AnswerDeps } from './settings.js';

export interface NelAsked {
  readonly project: string;
  readonly host: string;
  /** The network that the spike may be named with; null for the whole host. */
  readonly network: string | null;
  readonly fromMs: number;
  readonly toMs: number;
}

/** What browsers reported by themselves in the place and time of a spike, or its last six hours; null when they reported nothing. */
export async function nelAnswer(
  { project, host, network, fromMs, toMs }: NelAsked,
  deps: AnswerDeps,
): Promise<Published<PublishedNel> | null> {
  const { from, width } = stretchOf(fromMs, toMs);
  // What was before is not shown, so nothing of it is read.
  const stretch = { before: from, start: from, from, to: seconds(toMs) + 1, width };
  const places = placesOf(network === null ? [] : [{ network }]);
  const rows = await ask(deps.client, nelByType, { project, host, masking: NEL_MASKING_TYPES, ...places, ...stretch });
  if (rows.length === 0) return null;
  const types = rows.filter(({ type }) => type !== '').map(({ type, now }) => ({ type, clients: now, masks: masksCause(type) }));
  const clients = rows.find(({ type }) => type === '')?.now ?? 0;
  return publish({ shape: 'nel', network, clients, types }, policyOf(deps, project));
}
