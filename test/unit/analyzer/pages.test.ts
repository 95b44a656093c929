import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placeWords, sentenceOf } from '../../../analyzer/src/answers/sentence.js';
import { binOf } from '../../../analyzer/src/answers/series.js';
import { gridOf, spanOf, subjectOf, timeOf } from '../../../analyzer/src/http/parameters.js';
import { isLoopback } from '../../../analyzer/src/http/security.js';
import { chart } from '../../../analyzer/src/pages/chart.js';
import { html } from '../../../analyzer/src/pages/html.js';
import { listPage } from '../../../analyzer/src/pages/list-page.js';
import { livePage } from '../../../analyzer/src/pages/live-page.js';
import { spikePage } from '../../../analyzer/src/pages/spike-page.js';
import { pair } from '../../../analyzer/src/pair/pair.js';
import { publish } from '../../../analyzer/src/publish/publish.js';
import { gridWindow } from '../../../analyzer/src/publish/windows.js';
import type { LiveReport } from '../../../analyzer/src/publish/shapes.js';
import type { SpikeDetail } from '../../../analyzer/src/answers/spike-detail.js';
import { percent, typeWords } from '../../../analyzer/src/pages/words.js';
import type { SpikeSummary } from '../../../analyzer/src/answers/spikes.js';
import { startAnalyzer } from '../../../analyzer/src/start-analyzer.js';

const said: SpikeSummary = {
  id: '0123456789abcdef',
  project: 'shop',
  host: 'api.shop.example',
  kind: 'dns',
  type: 'dns.name_not_resolved',
  network: 'AS3320/DE',
  country: 'DE',
  release: null,
  places: [{ where: { network: 'AS3320/DE' }, clients: 40, clients_text: 'about 40', explained: 0.98 }],
  place_note: null,
  state: 'open',
  phase: 'open',
  quiet_since: null,
  reopened: 0,
  merged_into: null,
  severity: 'page',
  slo: null,
  all_users: { text: null, low: null, high: null, note: 'the server tells no totals by country and release' },
  started_at: '2026-01-05T14:22:40.000Z',
  ended_at: null,
  found_at: '2026-01-05T14:23:00.000Z',
  failing_clients: 40,
  failing_clients_text: 'about 40',
  estimated_loss_text: null,
  expected_clients: 0.3,
  affected_clients: { low: 35, high: 50 },
  peak_clients: 12,
  peak_clients_text: '12',
  failed_requests_text: 'about 400',
  p_value: 1e-20,
  failing_by_kind: { dns: 40 },
  failing_by_kind_text: { dns: '40' },
  verdict: 'outside',
  uncorroborated: false,
  sentence: '',
  url: '/spikes/0123456789abcdef',
};

describe('the sentence', () => {
  it('says who, what, since when, where and whose fault', () => {
    expect(sentenceOf(said)).toBe(
      'About 40 clients cannot resolve the name api.shop.example since 14:22:40 UTC, in network AS3320/DE (usual: fewer than 1). The fault is outside: the server is well by its own metrics.',
    );
  });

  it('rests an outside verdict on probers where the server tells nothing', () => {
    expect(sentenceOf({ ...said, verdict_detail: { by_probers: true } })).toMatch(
      /The fault is outside: probers elsewhere reach the host\.$/,
    );
  });

  it('speaks of a closed spike in the past, and of small numbers as small', () => {
    const closed = sentenceOf({
      ...said,
      state: 'closed',
      ended_at: '2026-01-05T14:30:00.000Z',
      places: [],
      failing_clients: null,
      failing_clients_text: '< 5',
      expected_clients: 2.2,
    });
    expect(closed).toContain(
      'Fewer than 5 clients could not resolve the name api.shop.example from 14:22:40 UTC to 14:30:00 UTC (usual: about 2).',
    );
  });

  it('names country, release and several places', () => {
    const place = (where: object) => ({ ...said.places[0], where, clients: 1, clients_text: '', explained: 1 });
    expect(placeWords({ places: [place({ country: 'DE', release: '4.2.1' })] })).toBe('in country DE, in release 4.2.1');
    expect(placeWords({ places: [place({}), place({})] })).toBe('in 2 places');
    expect(placeWords({ places: [] })).toBe('');
  });
});

describe('html', () => {
  // Under another name, so that the formatter leaves the templates as they are.
  const tag = html;

  it('escapes every value, in content and in quoted attributes', () => {
    expect(tag`<a title="${'"><script>\''}">${"<&'"}</a>`.text).toBe('<a title="&quot;&gt;&lt;script&gt;&#39;">&lt;&amp;&#39;</a>');
    expect(tag`${[tag`<b>`, '<', null, false, undefined, 0]}`.text).toBe('<b>&lt;0');
  });

  it('lets no text out of its place', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(tag`${text}`.text).not.toMatch(/[<>"']/);
      }),
    );
  });
});

describe('the list page', () => {
  const state = { trouble: null, asOf: '2026-01-05T14:30:00.000Z' };

  it('says in plain words that nothing is wrong, and what is still being learnt', () => {
    const page = listPage(
      [],
      [
        { project: 'shop', heardMinutes: 12, neededMinutes: 30 },
        { project: 'blog', heardMinutes: null, neededMinutes: 30 },
      ],
      state,
    );
    expect(page).toContain('No open spike');
    expect(page).toContain('12 of 30 minutes');
    expect(page).toContain('nothing has been heard');
  });

  it('shows trouble, escapes hostile text and marks state in words', () => {
    const page = listPage([{ ...said, sentence: '<img src=x>', uncorroborated: true }], [], {
      ...state,
      trouble: 'Storage has not answered',
    });
    expect(page).toContain('&lt;img src=x&gt;');
    expect(page).toContain('Storage has not answered');
    expect(page).toContain('uncorroborated');
    expect(page).not.toMatch(/<script| style=/);
  });
});

describe('the chart', () => {
  const bin = {
    start: '2026-01-05T14:00:00.000Z',
    clients: 7 as number | null,
    clients_text: '7',
    arrived: 7,
    arrived_text: '7',
    expected: 1,
    low: 0,
    high: 3,
    completeness: 1,
    learning: false,
  };
  const series = (bins: (typeof bin)[]) => ({ project: 'shop', host: 'a', kind: 'dns', bin_seconds: 10, bins });

  it('draws counts that may not be said lighter and all alike', () => {
    const text = chart(series([bin, { ...bin, clients: null, clients_text: '< 5' }]), {
      startMs: Date.parse(bin.start),
      endMs: Date.parse(bin.start) + 10_000,
    }).text;
    expect(text).toMatch(/class="few"[^>]* d="M/);
    expect(text).not.toContain('NaN');
  });

  it('says so when there is nothing to draw', () => {
    expect(chart(series([]), { startMs: 0, endMs: 1 }).text).toContain('no data');
  });
});

describe('parameters', () => {
  it('are named when they are wrong', () => {
    const detail = (run: () => unknown): string | undefined => {
      try {
        run();
      } catch (error) {
        return (error as { detail?: string }).detail;
      }
      return undefined;
    };
    expect(detail(() => subjectOf({ host: 'a', kind: 'dns' }))).toContain('project');
    expect(detail(() => subjectOf({ project: 'shop', host: '<b>', kind: 'dns' }))).toContain('host');
    expect(detail(() => subjectOf({ project: 'shop', host: 'a', kind: 'x' }))).toContain('kind');
    expect(detail(() => timeOf({ at: 'yesterday' }, 'at', 0))).toContain('RFC 3339');
    // In 2162 the seconds of today come round again in 32 bits, with windows that lie beside the grid.
    for (const at of ['2162-12-29T22:05:46Z', '1999-12-31T23:59:59Z', '9999-12-31T23:59:59Z', '0001-01-01T00:00:00Z'])
      expect(detail(() => timeOf({ at }, 'at', 0))).toContain('2000 to 2099');
    expect(detail(() => spanOf({ from: '2026-01-05T14:00:00Z', to: '2026-01-05T13:00:00Z' }, 0))).toContain('from');
    expect(detail(() => gridOf({ window: '7m' }))).toContain('window');
    expect(subjectOf({ project: 'shop', host: 'a.example', kind: 'dns' })).toEqual({ project: 'shop', host: 'a.example', kind: 'dns' });
  });

  it('choose bins by the length of the stretch and what is still kept', () => {
    const hour = 3_600_000;
    expect(binOf(0, hour, hour)).toBe(10_000);
    expect(binOf(0, hour, 72 * hour)).toBe(60_000);
    expect(binOf(0, 24 * hour, 24 * hour)).toBe(60_000);
    expect(binOf(0, 72 * hour, 72 * hour)).toBe(3_600_000);
  });
});

describe('words', () => {
  it('exist for types, and leave unknown types as they are', () => {
    expect(typeWords('http.error', 503)).toBe('the server answered 503');
    expect(typeWords('tcp.refused')).toBe('the port is closed');
    expect(typeWords('x.y')).toBe('x.y');
    expect([0, 0.0004, 0.0312, 0.5, null].map(percent)).toEqual(['0 %', '0.04 %', '3.1 %', '50 %', '–']);
  });
});

describe('starting', () => {
  it('refuses addresses other than loopback, since there is no sign-in', async () => {
    expect(['127.0.0.1', '127.0.1.9', '::1', 'localhost', '0.0.0.0', '192.0.2.1', 'example.net'].map(isLoopback)).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
    await expect(startAnalyzer({ host: '0.0.0.0', port: 0, client: {} as never, projects: {} })).rejects.toMatchObject({
      code: 'OUTCRY_BAD_CONFIG',
    });
  });
});

describe('pages made of hostile words', () => {
  const EVIL = `"><img src=x onerror=alert(1)>'<script>alert(2)</script>\u202e{{7*7}}`;
  const state = { trouble: EVIL, asOf: null };
  const clean = (page: string): void => {
    expect(page).toContain('&lt;img');
    expect(page).not.toMatch(/<img|<script>alert|<script(?! src="\/assets\/)|onerror=alert\(1\)>'/);
    for (const [, attribute = ''] of page.matchAll(/\s[a-z-]+="([^"]*)"/g)) expect(attribute).not.toMatch(/[<>]/);
  };
  const places = [{ where: { network: EVIL }, clients: 40, clients_text: EVIL, explained: 1 }];
  const evil: SpikeSummary = {
    ...said,
    project: EVIL,
    host: EVIL,
    kind: EVIL,
    type: EVIL,
    release: EVIL,
    network: EVIL,
    places,
    sentence: EVIL,
  };

  it('show them as text: list, spike and live', () => {
    const detail: SpikeDetail = {
      ...evil,
      failing_by_kind_text: { [EVIL]: EVIL },
      place_note: EVIL,
      verdict_detail: {
        by_probers: false,
        because: [EVIL],
        would_change: [EVIL],
        runbook: EVIL,
        numbers: { ...pair({ kind: 'dns', place: {}, networksFailing: 1, failingClients: 1, expectedClients: 0 }, null).numbers },
      },
      series: { project: EVIL, host: EVIL, kind: EVIL, bin_seconds: 10, bins: [] },
      nel: publish({ shape: 'nel', network: EVIL, clients: 40, types: [{ type: EVIL, clients: 40, masks: false }] }, { k: 10 }),
      breakdown: publish(
        {
          shape: 'breakdown',
          window: gridWindow('10m', 0),
          before: gridWindow('1h', 0),
          dimensions: [{ name: 'release', inside: [{ value: EVIL, clients: 40 }], before: [] }],
        },
        { k: 10 },
      ),
    };
    clean(listPage([evil], [{ project: EVIL, heardMinutes: 1, neededMinutes: 30 }], state));
    clean(spikePage(detail, 0, state));
    expect(spikePage(detail, 0, state)).toContain('35 to 50');
    const report: LiveReport = {
      receivedMs: 0,
      occurredMs: 0,
      host: EVIL,
      method: EVIL,
      resource: EVIL,
      type: EVIL,
      kind: EVIL,
      phase: EVIL,
      confidencePct: 50,
      elapsedMs: 1,
      statusCode: 0,
      count: 1,
      collector: EVIL,
      source: EVIL,
      release: EVIL,
    };
    clean(livePage(EVIL, [report], true, state));
  });
});
