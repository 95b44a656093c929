import type { LiveReport } from '../publish/shapes.js';
import { html } from './html.js';
import type { Html } from './html.js';
import { page, stamp } from './layout.js';
import type { PageState } from './layout.js';
import { KIND_WORDS, typeWords } from './words.js';

const REFRESH_S = 5;

/** The live view of a development project: each report in plain words, newest first. @param refresh - The reader asked for reloading. */
export function livePage(project: string, reports: readonly LiveReport[], refresh: boolean, state: PageState): string {
  const here = `/live/${encodeURIComponent(project)}`;
  const body = html`
    <h1>Live: ${project}</h1>
    <p class="note">
      What clients of this development project reported, newest first, at most 100 and not older than a day. Reports of development projects
      never become spikes.
      ${refresh ? html`<a href="${here}">Stop reloading</a>` : html`<a href="${here}?refresh=1">Reload every ${REFRESH_S} seconds</a>`}
    </p>
    ${reports.length === 0 && html`<p class="empty">Nothing yet. A report appears here some seconds after a request has failed in a client that opted in.</p>`}
    <ol class="live">
      ${reports.map(line)}
    </ol>
  `;
  return page({ title: `Live: ${project}`, body, ...state, ...(refresh && { refreshS: REFRESH_S }) });
}

function line(r: LiveReport): Html {
  const occurred = new Date(r.occurredMs).toISOString();
  const received = new Date(r.receivedMs).toISOString();
  const times = r.count > 1 ? ` (${r.count} times)` : '';
  return html`<li>
    <p>
      <time datetime="${occurred}">${stamp(occurred)}</time>
      <span class="badge kind">${KIND_WORDS[r.kind] ?? r.kind}</span>
    </p>
    <p class="what">A ${r.method} request to <strong>${r.host}</strong> failed${times}: ${typeWords(r.type, r.statusCode)}.</p>
    <p class="note">
      <code>${r.type}</code>, after about ${r.elapsedMs} ms, ${r.confidencePct} % sure, seen by ${r.source} in release ${r.release}. Taken
      by collector ${r.collector} at ${received.slice(11, 19)} UTC, to the nearest 10 s.
    </p>
  </li>`;
}
