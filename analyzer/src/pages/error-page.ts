import { ERRORS } from '@outcry/protocol';
import type { ErrorCode } from '@outcry/protocol';
import { html } from './html.js';
import { page } from './layout.js';
import type { PageState } from './layout.js';

/** An error as a page: what happened and what can be done. */
export function errorPage(code: ErrorCode, state: PageState): string {
  const { title, remedy } = ERRORS[code];
  return page({
    title: 'Not shown',
    body: html`<h1>${title}</h1>
      <p>${remedy}</p>
      <p class="note"><code>${code}</code> · <a href="/">All spikes</a></p>`,
    ...state,
  });
}
