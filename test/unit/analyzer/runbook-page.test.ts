/** The next step as a page: every runbook, whole, with a heading that each link of a spike meets. */
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { runbookPath } from '../../../analyzer/src/answers/runbook-path.js';
import { readRunbook } from '../../../analyzer/src/http/runbooks.js';
import { runbookPage } from '../../../analyzer/src/pages/runbook-page.js';
import { pair } from '../../../analyzer/src/pair/pair.js';
import { VERDICTS } from '../../../analyzer/src/pair/verdict.js';
import { WATCHED_KINDS } from '../../../analyzer/src/watch/build-series.js';

const STATE = { trouble: null, asOf: null };
const contentOf = (page: string): string => /<article class="runbook">([\s\S]*)<\/article>/.exec(page)?.[1] ?? '';

describe('a runbook as a page', () => {
  it.each(VERDICTS)('of %s has all of its words, a heading for each kind, and no Markdown left', async (verdict) => {
    const content = contentOf(runbookPage(await readRunbook(verdict), STATE));
    for (const kind of WATCHED_KINDS) expect(content).toContain(`<h2 id="${kind}">`);
    const text = content.replaceAll(/<[^>]+>/g, ' ').replaceAll('&#39;', "'");
    expect(text).not.toMatch(/\*\*|`|\]\(|^#/m);
    const own = await readFile(new URL(`../../../docs/runbooks/${verdict}.md`, import.meta.url), 'utf8');
    const words = own
      .replaceAll(/\]\([^)]*\)|^\d+\. |[^\p{L}\p{N}]+/gmu, ' ')
      .trim()
      .split(/\s+/);
    for (const word of words) expect(text).toContain(word);
  });

  it('links to the other runbooks, and shows what it does not serve as words', () => {
    const content = contentOf(
      runbookPage('# A\n\nGo to [inside](inside.md#dns), `a*b`, [more](../diagnosis.md) <b>\n\n1. **One** thing', STATE),
    );
    expect(content).toContain('<a href="/runbooks/inside#dns">inside</a>, <code>a*b</code>, more &lt;b&gt;');
    expect(content.replaceAll(/\s+/g, ' ')).toContain('<ol> <li><strong>One</strong> thing</li> </ol>');
    expect([...content.matchAll(/href="([^"]+)"/g)].map(([, to]) => to)).toEqual(['/runbooks/inside#dns', '/']);
  });

  it('is where the verdict of a spike points', () => {
    const { runbook } = pair({ kind: 'dns', place: {}, networksFailing: 1, failingClients: 20, expectedClients: 0 }, null);
    expect(runbookPath(runbook)).toMatch(/^\/runbooks\/[a-z]+#dns$/);
  });
});
