import type { PublishedBreakdown, PublishedRow, PublishedShare } from '../publish/shapes.js';
import { html } from './html.js';
import type { Html } from './html.js';
import { stamp } from './layout.js';
import { DIMENSION_WORDS, percent } from './words.js';

/** Rows of one table; a page of thousands of networks helps nobody, and the JSON has them all. */
const MOST_ROWS = 25;
const SHOWN_OPEN = new Set(['network', 'country', 'release']);

/** Breakdowns by network, country and release; the others folded, since ruling out is information too. */
export function breakdownTables(breakdown: PublishedBreakdown): Html {
  const [open, folded] = [true, false].map((shown) => breakdown.dimensions.filter((d) => SHOWN_OPEN.has(d.name) === shown));
  return html`
    <p class="note">
      Failing clients in the window ${stamp(breakdown.window.start)} to ${breakdown.window.end.slice(11, 16)}, beside
      ${breakdown.before.start.slice(11, 16)} to ${breakdown.before.end.slice(11, 16)} before it. Windows are fixed, numbers are rounded to
      5, and groups of fewer than ${breakdown.k} clients are folded.
    </p>
    <div class="tables">${open?.map((d) => table(d.name, d.rows, d.hidden_cells))}</div>
    <details>
      <summary>Runtime, operating system, route</summary>
      <div class="tables">${folded?.map((d) => table(d.name, d.rows, d.hidden_cells))}</div>
    </details>
  `;
}

function table(name: string, rows: readonly PublishedRow[], hidden: number | null): Html {
  const heading = DIMENSION_WORDS[name] ?? name;
  if (rows.length === 0)
    return html`<section class="dimension">
      <h3>${heading}</h3>
      <p class="note">Nothing known here.</p>
    </section>`;
  const shown = rows.filter((row) => row.value !== null);
  const listed = [...shown.slice(0, MOST_ROWS), ...rows.filter((row) => row.value === null)];
  const more = shown.length - Math.min(shown.length, MOST_ROWS);
  return html`<section class="dimension">
    <h3>${heading}</h3>
    <table>
      <thead>
        <tr>
          <th scope="col">${heading}</th>
          <th scope="col" class="number">Clients now</th>
          <th scope="col">Share now</th>
          <th scope="col" class="number">Before</th>
          <th scope="col" class="number">Share before</th>
        </tr>
      </thead>
      <tbody>
        ${listed.map(
          (row) =>
            html`<tr class="${row.value === null ? 'folded' : 'shown'}">
              <th scope="row">${row.value ?? hiddenWords(hidden)}</th>
              <td class="number">${row.clients_text}</td>
              <td>${bar(row.share)}</td>
              <td class="number">${row.before_text}</td>
              <td class="number">${percent(row.before_share?.share ?? null)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
    ${more > 0 && html`<p class="note">${more} more, with fewer clients, are in the JSON.</p>`}
  </section>`;
}

function hiddenWords(groups: number | null): string {
  return groups === null ? 'other (folded)' : `other (${groups} ${groups === 1 ? 'group' : 'groups'}, folded)`;
}

function bar(share: PublishedShare | null): Html {
  if (share === null) return html`<span class="note">–</span>`;
  return html`<svg class="share" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      <rect class="track" width="100" height="8"></rect>
      <rect class="fill" width="${Math.round(share.share * 100)}" height="8"></rect>
    </svg>
    ${percent(share.share)} <small>(${percent(share.low)} to ${percent(share.high)})</small>`;
}
