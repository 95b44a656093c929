/** What a backtest found, for people: a line a spike, then the figures of the detector. */
import type { BacktestResult } from '@outcry/analyzer';

type Scores = NonNullable<BacktestResult['scores']>;
type Figures = Scores['detector'];

const time = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 19)}`;
const share = ({ hits, of }: { hits: number; of: number }): string => (of === 0 ? 'none' : `${String(hits)} of ${String(of)}`);
const seconds = (s: number | null): string => (s === null ? '–' : `${String(Math.round(s))} s`);
const secondsBetween = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / 1000;

function placeOf({ places }: BacktestResult['spikes'][number]): string {
  if (places.length === 0) return 'everywhere';
  return places.map((where) => Object.values(where).join(' ')).join(', ');
}

/** The figures that tell one detector from another; the simple ones name neither places nor verdicts. */
const FIGURES: readonly (readonly [title: string, of: (score: Figures) => string, isOurs?: true])[] = [
  ['spikes', (s) => String(s.spikes)],
  ['that tell an incident', (s) => share(s.precision)],
  ['incidents told', (s) => share(s.recall)],
  ['delay, median and p95', (s) => `${seconds(s.delay.median_s)}, ${seconds(s.delay.p95_s)}`],
  ['wrong spikes a week', (s) => s.false_per_week.toFixed(1)],
  ['places exact', (s) => share(s.place_exact), true],
  ['places exact or coarser', (s) => share(s.place_parent), true],
  ['verdicts right', (s) => share(s.verdict), true],
];

/** @returns Lines without line feeds. */
export function backtestWords({ spikes, scores, rows }: BacktestResult): string[] {
  const lines = spikes.map((spike) => {
    const verdict = spike.uncorroborated ? `${spike.verdict} (uncorroborated)` : spike.verdict;
    const told = `told after ${String(secondsBetween(spike.started_at, spike.reported_at))} s`;
    return `${time(spike.started_at)}  ${spike.host}  ${spike.kind}  ${String(spike.failing_clients)} clients  ${placeOf(spike)}  ${verdict}  ${told}`;
  });
  const found = spikes.length === 1 ? 'one spike' : `${String(spikes.length)} spikes`;
  const head = `${rows.toLocaleString('en')} rows, ${found}${spikes.length === 0 ? '' : ' (times are UTC):'}`;
  if (scores === null) return [head, ...lines];
  const names = Object.keys(scores) as (keyof Scores)[];
  const table = [
    ['', ...names],
    ...FIGURES.map(([title, of, isOurs]) => [title, ...names.map((name) => (isOurs && name !== 'detector' ? '–' : of(scores[name])))]),
  ];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  return [
    head,
    ...lines,
    '',
    ...table.map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    ),
  ];
}
