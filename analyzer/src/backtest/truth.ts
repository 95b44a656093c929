/** What of a truth is scored: it may tell of more time and more hosts than were replayed. Pure. */
import { watches } from './rows.js';
import type { IncidentRow, WorldRow } from './rows.js';
import { tells } from './score.js';
import type { ScoredSpike } from './score.js';

const beginsAt = ({ first_failure: first, start }: IncidentRow): number => first ?? start;

/**
 * Incidents of watched hosts whose first failure lies in the replayed span; harmless cases also where they merely reach into it, since nobody is to be told
 * of them at any time.
 */
export function scoredIncidents(incidents: readonly IncidentRow[], world: WorldRow): IncidentRow[] {
  return ofWatchedHosts(incidents, world).filter((incident) => {
    const isInside = beginsAt(incident) >= world.from && beginsAt(incident) < world.to;
    return isInside || (incident.harmless && incident.start < world.to && incident.end >= world.from);
  });
}

/** Without the spikes that tell of nothing but an incident that is not scored, such as one that began before the span: they are neither right nor wrong. */
export function scoredSpikes(spikes: readonly ScoredSpike[], incidents: readonly IncidentRow[], world: WorldRow): ScoredSpike[] {
  const scored = scoredIncidents(incidents, world);
  const others = ofWatchedHosts(incidents, world).filter((incident) => !scored.includes(incident));
  const tell = (spike: ScoredSpike, of: readonly IncidentRow[]): boolean => of.some((incident) => tells(spike, incident));
  return spikes.filter((spike) => tell(spike, scored) || !tell(spike, others));
}

function ofWatchedHosts(incidents: readonly IncidentRow[], world: WorldRow): IncidentRow[] {
  const isWatched = watches(world);
  return incidents.filter(({ project, hosts }) => hosts.some((host) => isWatched({ project, host })));
}
