import type { PublishedNel } from '../publish/shapes.js';
import { html } from './html.js';
import type { Html } from './html.js';
import { percent, typeWords } from './words.js';

/** What Chromium's browsers said by themselves; beside the reports of agents, never among them. */
export function nelSection(nel: PublishedNel): Html {
  return html`<section>
    <h2>What browsers report by themselves</h2>
    <p>
      Network Error Logging of Chromium's browsers ${nel.network === null ? 'everywhere' : html`in ${nel.network}`}, in the time of the
      spike, or in its last six hours. They see types that no page can. They are counted apart and at least: ${nel.clients_text} browsers.
    </p>
    ${
      nel.types.length > 0 &&
      html`<table>
        <thead>
          <tr>
            <th scope="col">Type</th>
            <th scope="col" class="number">Browsers</th>
            <th scope="col" class="number">Share of them</th>
          </tr>
        </thead>
        <tbody>
          ${nel.types.map(
            (row) =>
              html`<tr>
                <th scope="row">${typeWords(row.type)} <code>${row.type}</code></th>
                <td class="number">${row.clients_text}</td>
                <td class="number">${percent(row.share)}</td>
              </tr>`,
          )}
        </tbody>
      </table>`
    }
    ${nel.others && html`<p class="note">Types of fewer browsers are not shown.</p>`}
    ${
      nel.masked_text !== null &&
      html`<p class="note">
        ${nel.masked_text} browsers also reported <code>dns.address_changed</code> or <code>abandoned</code>, which hide the cause; these
        say nothing here.
      </p>`
    }
  </section>`;
}
