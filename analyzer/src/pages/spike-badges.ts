import type { SpikeSummary } from '../answers/spikes.js';
import { PHASE_WORDS } from './words.js';
import { html } from './html.js';
import type { Html } from './html.js';

/** A spike's state and verdict at a glance, on the list and on its own page. */
export function spikeBadges(spike: Pick<SpikeSummary, 'state' | 'phase' | 'severity' | 'verdict' | 'uncorroborated'>): Html {
  return html`<p class="badges">
    <span class="badge ${spike.state === 'open' ? 'open' : 'closed'}">${PHASE_WORDS[spike.phase]}</span>
    <span class="badge verdict ${spike.verdict}">${spike.verdict}</span>
    <span class="badge quiet">${spike.severity}</span>
    ${spike.uncorroborated && html`<span class="badge quiet">uncorroborated</span>`}
  </p>`;
}
