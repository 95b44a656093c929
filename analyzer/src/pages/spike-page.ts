import { runbookPath } from '../answers/runbook-path.js';
import { phaseWords, placeWords, usualWords } from '../answers/sentence.js';
import type { SpikeDetail } from '../answers/spike-detail.js';
import { objectiveWords } from '../answers/slo.js';
import { breakdownTables } from './breakdown-table.js';
import { chart } from './chart.js';
import { html } from './html.js';
import type { Html } from './html.js';
import { page, stamp } from './layout.js';
import type { PageState } from './layout.js';
import { nelSection } from './nel-section.js';
import { spikeBadges } from './spike-badges.js';
import { allUsersWords, KIND_WORDS, percent, sloWords, typeWords, VERDICT_HEADINGS } from './words.js';

/** One spike: what happens, whether it is us, how it went, where it lies, and what cannot be told. */
export function spikePage(spike: SpikeDetail, nowMs: number, state: PageState): string {
  const window = { startMs: Date.parse(spike.started_at), endMs: endMsOf(spike, nowMs) };
  const body = html`
    ${spikeBadges(spike)}
    <h1 class="sentence">${spike.sentence}</h1>
    ${phaseWords(spike).map((words) => html`<p class="note">${words}</p>`)} ${facts(spike)} ${verdict(spike)}
    <section>
      <h2>Observed and expected</h2>
      <figure
        class="series"
        data-series="${seriesUrl(spike)}"
        data-from="${spike.started_at}"
        data-to="${spike.ended_at ?? spike.quiet_since ?? ''}"
      >
        ${chart(spike.series, window)}
        <figcaption>
          Failing clients of this host and kind per ${spike.series.bin_seconds} s, UTC, all places together.
          <span class="key"><i class="swatch observed"></i> observed</span>
          <span class="key"><i class="swatch few"></i> 1 to 4, not told apart</span>
          <span class="key"><i class="swatch expected"></i> expected</span> <span class="key"><i class="swatch band"></i> 95 % band</span>
          <span class="key"><i class="swatch window"></i> the spike</span>
        </figcaption>
      </figure>
      ${seriesTable(spike)}
    </section>
    <section>
      <h2>Where it lies</h2>
      ${
        spike.places.length > 1 &&
        html`<ul class="places">
          ${spike.places.map((p) => html`<li>${placeWords({ places: [p] }).replace(/^in /, '')}: ${p.clients_text} clients${p.explained === null ? '' : `, about ${percent(p.explained)} of the excess`}</li>`)}
        </ul>`
      }
      ${
        spike.places.length === 1 &&
        spike.places[0]?.explained != null &&
        html`<p>
          ${placeWords(spike)
            .replace(/^in /, '')
            .replace(/^\w/, (c) => c.toUpperCase())}
          explains about ${percent(spike.places[0].explained)} of the excess.
        </p>`
      }
      ${spike.place_note !== null && html`<p class="note">${spike.place_note}</p>`} ${breakdownTables(spike.breakdown)}
    </section>
    ${spike.nel !== null && nelSection(spike.nel)}
    <section>
      <h2>Two clocks</h2>
      <p>
        Reports of failures come late by nature. The chart counts by the time when a request failed; the table has both that time and the
        time when reports arrived, and how complete each stretch is thought to be. The last minute is usually not complete, so its numbers
        still grow.
      </p>
      <h2>What cannot be told</h2>
      <ul class="limits">
        <li>Only clients that opted in are counted; there are more that fail and say nothing.</li>
        <li>A client counts once per bin. Its identity changes every UTC day, so clients of several days are never summed.</li>
        <li>
          Expected is the level of the last two quiet hours in proportion to the load, and the shape of the day once there is a day of
          history.
        </li>
        <li>Groups of fewer than ${spike.breakdown.k} clients are never named, not even when the fault lies in one.</li>
      </ul>
      <p class="note">The same as JSON: <a href="/api/v1${spike.url}">/api/v1${spike.url}</a></p>
    </section>
  `;
  return page({
    title: `${spike.host} ${spike.kind}`,
    body,
    styles: ['/assets/uplot.css'],
    scripts: ['/assets/uplot.js', '/assets/chart.js'],
    ...state,
  });
}

const endMsOf = ({ ended_at: ended, quiet_since: quiet }: SpikeDetail, nowMs: number): number => {
  const over = ended ?? quiet;
  return over === null ? nowMs : Date.parse(over);
};

function facts(spike: SpikeDetail): Html {
  const kinds = Object.entries(spike.failing_by_kind_text).filter(([kind]) => kind !== spike.kind);
  return html`<dl class="facts wide">
    <div>
      <dt>Host</dt>
      <dd>${spike.host}</dd>
    </div>
    <div>
      <dt>Kind</dt>
      <dd>${KIND_WORDS[spike.kind] ?? spike.kind} <code>${spike.kind}</code></dd>
    </div>
    <div>
      <dt>Most frequent type</dt>
      <dd>${spike.type === null ? '–' : html`${typeWords(spike.type)} <code>${spike.type}</code>`}</dd>
    </div>
    <div>
      <dt>Failing clients</dt>
      <dd class="number">${spike.failing_clients_text} <small>(${usualWords(spike.expected_clients)})</small></dd>
    </div>
    ${
      spike.affected_clients !== null &&
      html`<div>
        <dt>Opted-in clients hit at this host</dt>
        <dd class="number">${spike.affected_clients.low} to ${spike.affected_clients.high} <small>(95 %)</small></dd>
      </div>`
    }
    <div>
      <dt>All users, extrapolated</dt>
      <dd>${allUsersWords(spike.all_users)}</dd>
    </div>
    <div>
      <dt>Failed requests</dt>
      <dd class="number">${spike.failed_requests_text}</dd>
    </div>
    ${
      spike.estimated_loss_text !== null &&
      html`<div>
        <dt>Estimated loss</dt>
        <dd class="number">${spike.estimated_loss_text} <small>(opted-in clients alone)</small></dd>
      </div>`
    }
    ${
      spike.slo !== null &&
      html`<div>
        <dt>Objective, as clients see it</dt>
        <dd>${objectiveWords(spike.slo)}: ${sloWords(spike.slo)}</dd>
      </div>`
    }
    <div>
      <dt>Other kinds at this host</dt>
      <dd>${kinds.length === 0 ? 'none' : kinds.map(([kind, n]) => `${kind} ${n}`).join(', ')}</dd>
    </div>
    <div>
      <dt>Began</dt>
      <dd><time datetime="${spike.started_at}">${stamp(spike.started_at)}</time></dd>
    </div>
    <div>
      <dt>Ended</dt>
      <dd>${endWords(spike)}</dd>
    </div>
    <div>
      <dt>Enough evidence at</dt>
      <dd><time datetime="${spike.found_at}">${stamp(spike.found_at)}</time></dd>
    </div>
  </dl>`;
}

function endWords({ ended_at: ended, quiet_since: quiet }: SpikeDetail): Html | string {
  const over = ended ?? quiet;
  if (over === null) return 'not yet';
  return html`<time datetime="${over}">${stamp(over)}</time>${ended === null && html` <small>(not closed yet)</small>`}`;
}

function verdict(spike: SpikeDetail): Html {
  const { because, numbers, would_change: wouldChange, runbook } = spike.verdict_detail;
  const rate = (perS: number | null): string => (perS === null ? '–' : `${perS.toFixed(perS < 10 ? 1 : 0)} /s`);
  return html`<section class="verdict-box ${spike.verdict}">
    <h2>Is it us? ${VERDICT_HEADINGS[spike.verdict] ?? spike.verdict}</h2>
    <ul>
      ${because.map((reason) => html`<li>${reason}</li>`)}
    </ul>
    <table>
      <thead>
        <tr>
          <th scope="col">Evidence</th>
          <th scope="col" class="number">In the spike</th>
          <th scope="col" class="number">Before</th>
        </tr>
      </thead>
      <tbody>
        <tr>
          <th scope="row">Failing clients</th>
          <td class="number">${spike.failing_clients_text}</td>
          <td class="number">${usualWords(spike.expected_clients).replace('usual: ', '')}</td>
        </tr>
        <tr>
          <th scope="row">Server's own error share</th>
          <td class="number">${percent(numbers.server_error_share)}</td>
          <td class="number">${percent(numbers.server_error_share_before)}</td>
        </tr>
        <tr>
          <th scope="row">Requests that the server answers</th>
          <td class="number">${rate(numbers.server_requests_per_s)}</td>
          <td class="number">${rate(numbers.server_requests_per_s_before)}</td>
        </tr>
        <tr>
          <th scope="row">Failed share of these clients' requests</th>
          <td class="number">${percent(numbers.attempts_failed_share)}</td>
          <td class="number">${percent(numbers.attempts_failed_share_before)}</td>
        </tr>
        ${measured("Server's own latency", numbers.server_latency_s, numbers.server_latency_s_before, (s) => `${s.toPrecision(2)} s`)}
        ${measured("Server's own load", numbers.server_saturation, numbers.server_saturation_before, percent)}
        ${measured('Deliveries that missed a collector', numbers.collectors_missed_share, numbers.collectors_missed_share_before, percent)}
        ${
          numbers.probers !== null &&
          html`<tr>
            <th scope="row">Probers elsewhere that fail</th>
            <td class="number">${numbers.probers_failing} of ${numbers.probers}</td>
            <td class="number">
              ${numbers.probers_before === null ? '–' : `${numbers.probers_failing_before ?? 0} of ${numbers.probers_before}`}
            </td>
          </tr>`
        }
      </tbody>
    </table>
    <h3>What would change this</h3>
    <ul>
      ${wouldChange.map((evidence) => html`<li>${evidence}</li>`)}
    </ul>
    <p><a href="${runbookPath(runbook)}">Next step: ${spike.verdict}, ${KIND_WORDS[spike.kind] ?? spike.kind}</a></p>
  </section>`;
}

/** A row that is there only where it was measured. */
function measured(name: string, now: number | null, before: number | null, words: (value: number) => string): Html | false {
  if (now === null) return false;
  return html`<tr>
    <th scope="row">${name}</th>
    <td class="number">${words(now)}</td>
    <td class="number">${before === null ? '–' : words(before)}</td>
  </tr>`;
}

function seriesTable(spike: SpikeDetail): Html {
  const bins = spike.series.bins.filter((b) => b.clients_text !== '0' || b.arrived_text !== '0' || b.completeness < 0.9).slice(-200);
  return html`<details>
    <summary>The numbers</summary>
    <table class="series-table">
      <thead>
        <tr>
          <th scope="col">From (UTC)</th>
          <th scope="col" class="number">Failing, by event</th>
          <th scope="col" class="number">Expected</th>
          <th scope="col" class="number">Band</th>
          <th scope="col" class="number">Failing, by arrival</th>
          <th scope="col" class="number">Complete</th>
        </tr>
      </thead>
      <tbody>
        ${bins.map(
          (b) =>
            html`<tr>
              <th scope="row"><time datetime="${b.start}">${b.start.slice(11, 19)}</time></th>
              <td class="number">${b.clients_text}</td>
              <td class="number">${b.learning ? 'learning' : b.expected}</td>
              <td class="number">${b.low} to ${b.high}</td>
              <td class="number">${b.arrived_text}</td>
              <td class="number">${percent(b.completeness)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
    <p class="note">Bins without a failure are left out; at most the last 200 are listed.</p>
  </details>`;
}

function seriesUrl(spike: SpikeDetail): string {
  const [first] = spike.series.bins;
  const last = spike.series.bins.at(-1);
  const to = last === undefined ? spike.started_at : new Date(Date.parse(last.start) + spike.series.bin_seconds * 1000).toISOString();
  const query = new URLSearchParams({
    project: spike.project,
    host: spike.host,
    kind: spike.kind,
    from: first?.start ?? spike.started_at,
    to,
  });
  return `/api/v1/series?${query.toString()}`;
}
