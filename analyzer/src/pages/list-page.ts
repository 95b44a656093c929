import type { SpikeSummary } from '../answers/spikes.js';
import { placeWords, usualWords } from '../answers/sentence.js';
import { objectiveWords } from '../answers/slo.js';
import type { HostSlo } from '../answers/slo.js';
import { html } from './html.js';
import type { Html } from './html.js';
import { page, stamp } from './layout.js';
import type { PageState } from './layout.js';
import { spikeBadges } from './spike-badges.js';
import { KIND_WORDS, sloWords } from './words.js';

export interface LearningState {
  readonly project: string;
  /** The one host of it that is still learning; missing where all are. */
  readonly host?: string;
  /** Minutes of history heard, and how many are needed; null when nothing was heard at all. */
  readonly heardMinutes: number | null;
  readonly neededMinutes: number;
}

/** The list of spikes, newest first. */
export function listPage(
  spikes: readonly SpikeSummary[],
  learning: readonly LearningState[],
  state: PageState,
  slos: readonly HostSlo[] = [],
): string {
  const open = spikes.filter((s) => s.state === 'open');
  const closed = spikes.filter((s) => s.state !== 'open');
  const body = html`
    <h1>${open.length === 0 ? 'No open spike' : open.length === 1 ? 'One open spike' : `${open.length} open spikes`}</h1>
    ${learning.map(learningLine)}
    ${
      spikes.length === 0 &&
      html`<p class="empty">
        Nothing has gone wrong for the clients since Outcry began to listen, or too few of them have said so. When more clients than usual
        fail to reach a watched host, it appears here within about a minute.
      </p>`
    }
    ${
      open.length > 0 &&
      html`<ol class="spikes">
        ${open.map(card)}
      </ol>`
    }
    ${
      closed.length > 0 &&
      html`<h2>Over</h2>
        <ol class="spikes">
          ${closed.map(card)}
        </ol>`
    }
    ${
      slos.length > 0 &&
      html`<h2>Objectives, as clients see them</h2>
        <ul>
          ${slos.map(({ project, host, slo }) => html`<li>${host} <small>(${project})</small>, ${objectiveWords(slo)}: ${sloWords(slo)}</li>`)}
        </ul>`
    }
  `;
  return page({ title: open.length === 0 ? 'Spikes' : `${open.length} open`, body, ...state });
}

function learningLine({ project, host, heardMinutes, neededMinutes }: LearningState): Html {
  if (heardMinutes === null) return html`<p class="note"><strong>${project}</strong>: nothing has been heard of this project yet.</p>`;
  const heard = `${heardMinutes} of ${neededMinutes} minutes of history heard`;
  return html`<p class="note">
    <strong>${host ?? project}</strong>${host === undefined ? '' : ` (${project})`} is learning what is usual: ${heard}. Until then no spike
    is found.
  </p>`;
}

function card(spike: SpikeSummary): Html {
  const place = placeWords(spike);
  return html`<li class="spike ${spike.state}">
    ${spikeBadges(spike)}
    <h3><a href="${spike.url}">${spike.sentence}</a></h3>
    <dl class="facts">
      <div>
        <dt>Host</dt>
        <dd>${spike.host}</dd>
      </div>
      <div>
        <dt>Kind</dt>
        <dd>${KIND_WORDS[spike.kind] ?? spike.kind} <code>${spike.kind}</code></dd>
      </div>
      <div>
        <dt>Place</dt>
        <dd>${place === '' ? 'not limited to one place' : place.replace(/^in /, '')}</dd>
      </div>
      <div>
        <dt>Failing clients</dt>
        <dd class="number">${spike.failing_clients_text} <small>(${usualWords(spike.expected_clients)})</small></dd>
      </div>
      <div>
        <dt>Since</dt>
        <dd><time datetime="${spike.started_at}">${stamp(spike.started_at)}</time></dd>
      </div>
      ${
        spike.quiet_since !== null &&
        html`<div>
          <dt>Quiet since</dt>
          <dd><time datetime="${spike.quiet_since}">${stamp(spike.quiet_since)}</time></dd>
        </div>`
      }
      ${
        spike.ended_at !== null &&
        html`<div>
          <dt>Until</dt>
          <dd><time datetime="${spike.ended_at}">${stamp(spike.ended_at)}</time></dd>
        </div>`
      }
      <div>
        <dt>Project</dt>
        <dd>${spike.project}</dd>
      </div>
    </dl>
  </li>`;
}
