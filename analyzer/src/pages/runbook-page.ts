import { html } from './html.js';
import type { Html } from './html.js';
import { page } from './layout.js';
import type { PageState } from './layout.js';

const VERDICT_LINK = /^(?:\.\/)?([a-z]+)\.md(#[a-z]+)?$/;
const INLINE = /\*\*([^*]+)\*\*|`([^`]+)`|\[([^\]]+)\]\(([^)\s]+)\)/g;

/** A runbook as a page, from its Markdown: headings, lists and paragraphs with emphasis, code and links to other runbooks. */
export function runbookPage(markdown: string, state: PageState): string {
  const blocks = markdown.trim().split(/\n{2,}/);
  const [title = 'Runbook'] = /^# (.+)$/m.exec(markdown)?.slice(1) ?? [];
  const body = html`<article class="runbook">
    ${blocks.map(blockOf)}
    <p class="note"><a href="/">All spikes</a></p>
  </article>`;
  return page({ title, body, ...state });
}

function blockOf(block: string): Html {
  const [, hashes = '', heading = ''] = /^(#{1,2}) (.+)$/.exec(block) ?? [];
  if (hashes === '#') return html`<h1>${inline(heading)}</h1>`;
  if (hashes === '##') return html`<h2 id="${heading.toLowerCase()}">${inline(heading)}</h2>`;
  const lines = block.split('\n');
  if (!lines.every((line) => /^\d+\. /.test(line))) return html`<p>${inline(lines.join(' '))}</p>`;
  return html`<ol>
    ${lines.map((line) => html`<li>${inline(line.replace(/^\d+\. /, ''))}</li>`)}
  </ol>`;
}

/** Links to documents that are not served here are their words alone. */
function inline(text: string): (Html | string)[] {
  const parts: (Html | string)[] = [];
  let from = 0;
  for (const match of text.matchAll(INLINE)) {
    const [whole, strong, code, words, target = ''] = match;
    parts.push(text.slice(from, match.index));
    from = match.index + whole.length;
    const [, verdict, anchor = ''] = VERDICT_LINK.exec(target) ?? [];
    if (strong !== undefined) parts.push(html`<strong>${strong}</strong>`);
    else if (code !== undefined) parts.push(html`<code>${code}</code>`);
    else parts.push(verdict === undefined ? (words ?? '') : html`<a href="/runbooks/${verdict}${anchor}">${words}</a>`);
  }
  return [...parts, text.slice(from)];
}
