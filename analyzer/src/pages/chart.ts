/**
 * Observed against expected as inline SVG: whole without script, sized by CSS. Looks come from classes; the colours in attributes are for
 * readers without the style sheet (mail, saved pages). */
import type { SeriesAnswer } from '../answers/series.js';
import { html, Html } from './html.js';

const WIDTH = 1000;
const HEIGHT = 280;
const MARGIN = { top: 12, right: 8, bottom: 28, left: 44 };
/** Bins of 1 to 4 clients are drawn this high, lighter: their number may not be said. */
const FEW = 4;

export interface ChartWindow {
  readonly startMs: number;
  readonly endMs: number;
}

/** @param spike - The stretch to shade. */
export function chart(series: SeriesAnswer, spike: ChartWindow): Html {
  const { bins } = series;
  const first = bins[0];
  if (first === undefined) return html`<p class="note">There is no data for this stretch any more.</p>`;
  const stepMs = series.bin_seconds * 1000;
  const fromMs = Date.parse(first.start);
  const toMs = fromMs + bins.length * stepMs;
  const heights = bins.map((b) => b.clients ?? (b.clients_text === '< 5' ? FEW : 0));
  const top = niceTop(Math.max(5, ...heights, ...bins.map((b) => Math.min(b.high, 10 * Math.max(5, ...heights)))));
  const x = (ms: number): number =>
    round(MARGIN.left + ((Math.min(toMs, Math.max(fromMs, ms)) - fromMs) / (toMs - fromMs)) * (WIDTH - MARGIN.left - MARGIN.right));
  const y = (n: number): number => round(HEIGHT - MARGIN.bottom - (Math.min(n, top) / top) * (HEIGHT - MARGIN.top - MARGIN.bottom));
  const step = (values: readonly number[]): string =>
    values.map((v, i) => `${i === 0 ? 'M' : 'L'}${x(fromMs + i * stepMs)} ${y(v)}H${x(fromMs + (i + 1) * stepMs)}`).join('');
  const bars = (few: boolean): string =>
    bins
      .map((b, i) => ({ i, n: heights[i] ?? 0, hidden: b.clients === null }))
      .filter((b) => b.n > 0 && b.hidden === few)
      .map((b) => `M${x(fromMs + b.i * stepMs)} ${y(0)}V${y(b.n)}H${x(fromMs + (b.i + 1) * stepMs)}V${y(0)}Z`)
      .join('');
  const backwards = bins.map(
    (b, i) =>
      `L${x(fromMs + (bins.length - i) * stepMs)} ${y(bins[bins.length - 1 - i]?.low ?? 0)}H${x(fromMs + (bins.length - 1 - i) * stepMs)}`,
  );
  const left = x(spike.startMs);
  return html`<svg
    class="chart"
    viewBox="0 0 ${WIDTH} ${HEIGHT}"
    role="img"
    aria-label="Failing clients per ${series.bin_seconds} seconds, observed and expected"
  >
    <rect
      class="window"
      fill="#fdf0dc"
      x="${left}"
      y="${MARGIN.top}"
      width="${round(x(spike.endMs) - left)}"
      height="${HEIGHT - MARGIN.top - MARGIN.bottom}"
    ></rect>
    ${ticksY(top).map((n) => html`<line class="grid" stroke="#dde1e3" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y(n)}" y2="${y(n)}"></line><text class="tick end" x="${MARGIN.left - 8}" y="${y(n) + 4}">${n}</text>`)}
    ${ticksX(fromMs, toMs).map((ms) => html`<text class="tick middle" x="${x(ms)}" y="${HEIGHT - 8}">${new Date(ms).toISOString().slice(11, 16)}</text>`)}
    <path class="band" fill="#a9cbe2" d="${step(bins.map((b) => b.high))}${backwards.join('')}Z"></path>
    <path class="few" fill="#ecb68c" d="${bars(true)}"></path>
    <path class="observed" fill="#c2560a" d="${bars(false)}"></path>
    <path class="expected" fill="none" stroke="#1b5e8c" d="${step(bins.map((b) => b.expected))}"></path>
    <line class="axis" stroke="#5a656d" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y(0)}" y2="${y(0)}"></line>
  </svg>`;
}

const round = (n: number): number => Math.round(n * 10) / 10;

function niceTop(n: number): number {
  const scale = 10 ** Math.floor(Math.log10(n));
  return ([1, 1.5, 2, 3, 5, 8, 10].find((m) => m * scale >= n) ?? 10) * scale;
}

function ticksY(top: number): number[] {
  const wanted = top / 4;
  const scale = 10 ** Math.floor(Math.log10(wanted));
  const width = Math.max(1, ([1, 2, 5, 10].find((m) => m * scale >= wanted) ?? 10) * scale);
  return Array.from({ length: Math.floor(top / width) + 1 }, (_, i) => i * width);
}

const TICK_WIDTHS_MS = [5, 10, 15, 30, 60, 180, 360, 720, 1440].map((minutes) => minutes * 60_000);

function ticksX(fromMs: number, toMs: number): number[] {
  const width = TICK_WIDTHS_MS.find((w) => (toMs - fromMs) / w <= 9) ?? 86_400_000;
  const first = Math.ceil((fromMs + width / 4) / width) * width;
  return Array.from({ length: Math.max(0, Math.floor((toMs - width / 4 - first) / width) + 1) }, (_, i) => first + i * width);
}
