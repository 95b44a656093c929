/**
 * From samples of a host's request counters to what came between them. Pure.
 *
 * A counter says nothing before its second sample, for what it held at the first may be years old. But libraries make a counter when there is first
 * something to count: the counter of errors at the first error. One that begins after others of the same process had been sampled without it
 * counts from 0. Where all of a process begin together, as at its start or at the start of measuring, none does.
 *
 * Several analyzers may read one process, each by its own clock. Their samples are never mixed and their steps never summed: at each moment one
 * copy counts, and another only where that one was not there yet, or is gone. An analyzer that starts anew makes a new copy, so one step is lost.
 */
import type { ServerCounterRow } from '../queries/server-counters.js';
import { readStoredName } from './stored-name.js';
import type { StoredName } from './stored-name.js';

/** A rate or an increment stands for at most this long: across a longer gap nothing was measured. */
const LONGEST_SPAN_S = 120;
/** Samples of one process so close to each other are of one export, though their clocks were read one after the other. */
const ONE_EXPORT_S = 2;

/** What one series counted in the `spanMs` before `atMs`. */
export interface Step extends Pick<StoredName, 'process' | 'reader' | 'series'> {
  /** As it is stored. */
  readonly name: string;
  readonly atMs: number;
  readonly spanMs: number;
  readonly requests: number;
  readonly isError: boolean;
}

/** What all series of a host counted up to one moment. */
export interface Increment {
  readonly atMs: number;
  /** Of the longest of the steps. */
  readonly spanMs: number;
  readonly requests: number;
  readonly errors: number;
}

/**
 * @param rows - Series of one host, ordered by name and time; other names than those of requests are left out.
 * @returns One step a sample but the first of each series, by time; of all copies.
 */
export function stepsOf(rows: readonly ServerCounterRow[]): Step[] {
  const firstS = rows.reduce((first, { time }) => Math.min(first, time), Infinity);
  const all = seriesOf(rows);
  const sampled = timesByCopy(all);
  const steps = all.flatMap(({ samples, ...of }) => {
    const { name, form, statusClass, process, reader, series, isSum } = of;
    const beganS = samples[0]?.time ?? 0;
    const without = sampledWithout(sampled.get(copyOf(of)) ?? [], beganS, firstS);
    return samples.flatMap((sample, i): Step[] => {
      const previous = samples[i - 1] ?? (without === undefined ? undefined : { time: without, value: 0 });
      if (previous === undefined || sample.time <= previous.time) return [];
      const spanS = form === 'requests' ? sample.time - previous.time : Math.min(sample.time - previous.time, LONGEST_SPAN_S);
      const requests =
        form === 'requests_per_s' ? sample.value * spanS : form === 'requests' ? grown(previous.value, sample.value, isSum) : sample.value;
      const isError = statusClass === '5xx';
      return [{ name, process, reader, series, atMs: sample.time * 1000, spanMs: spanS * 1000, requests, isError }];
    });
  });
  return steps.sort((a, b) => a.atMs - b.atMs);
}

/**
 * Of several copies of a process the steps of one at a time: of the one that goes on the longest, and before it began of others. The other way round the
 * copy of a clock that is behind would end first, and another would tell of the same moments once more.
 *
 * @param steps - By time.
 */
function toldOnce(steps: readonly Step[]): Step[] {
  const told = new Map<string, { readonly reader: string; readonly sinceMs: number }>();
  const taken: Step[] = [];
  for (const step of steps.toReversed()) {
    const { process, reader, atMs, spanMs } = step;
    const later = told.get(process);
    if (later !== undefined && later.reader !== reader && atMs > later.sinceMs) continue;
    told.set(process, { reader, sinceMs: Math.min(atMs - spanMs, later?.sinceMs ?? Infinity) });
    taken.push(step);
  }
  return taken.reverse();
}

/** Series that are sampled together. Those of sets of labels and sums of them are not: neither began beside the other. */
const copyOf = ({ process, reader, isSum }: StoredName): string => `${process} ${reader} ${String(isSum)}`;

/** A fall is a reset, and what stands after it has come since; that of a sum may be a part that vanished, and says nothing. */
const grown = (before: number, now: number, isSum: boolean): number => (now >= before ? now - before : isSum ? 0 : now);

interface OneSeries extends StoredName {
  readonly name: string;
  readonly samples: readonly ServerCounterRow[];
}

function seriesOf(rows: readonly ServerCounterRow[]): OneSeries[] {
  const byName = new Map<string, ServerCounterRow[]>();
  for (const row of rows) {
    const own = byName.get(row.name);
    if (own === undefined) byName.set(row.name, [row]);
    else own.push(row);
  }
  return [...byName].flatMap(([name, samples]) => {
    const read = readStoredName(name);
    return read === undefined ? [] : [{ name, samples, ...read }];
  });
}

/** The steps of all series together, each counted once, by time. */
export function increments(rows: readonly ServerCounterRow[]): Increment[] {
  const at = new Map<number, { requests: number; errors: number; spanMs: number }>();
  for (const { atMs, spanMs, requests, isError } of toldOnce(stepsOf(rows))) {
    const entry = at.get(atMs) ?? { requests: 0, errors: 0, spanMs: 0 };
    entry.requests += requests;
    if (isError) entry.errors += requests;
    entry.spanMs = Math.max(entry.spanMs, spanMs);
    at.set(atMs, entry);
  }
  return [...at].map(([atMs, entry]) => ({ atMs, ...entry })).sort((a, b) => a.atMs - b.atMs);
}

/** When each process was sampled by each reader, in order, s. */
function timesByCopy(all: readonly OneSeries[]): ReadonlyMap<string, readonly number[]> {
  const times = new Map<string, Set<number>>();
  for (const { samples, ...of } of all) {
    const known = times.get(copyOf(of)) ?? new Set();
    times.set(copyOf(of), known);
    for (const { time } of samples) known.add(time);
  }
  return new Map([...times].map(([copy, known]) => [copy, [...known].sort((a, b) => a - b)]));
}

/**
 * When a process was last sampled before a series of it began; undefined where it may have been there all along. At the edge of what was
 * read its sample before may just be left out, so there a whole interval without it is asked for.
 *
 * @param times - Of the process. @param beginS - Of the series. @param firstS - Of all that was read.
 */
function sampledWithout(times: readonly number[], beginS: number, firstS: number): number | undefined {
  const before = times.filter((time) => time < beginS - ONE_EXPORT_S);
  const [first, last] = [before[0], before.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const isWhole = last - first > ONE_EXPORT_S || first - firstS > LONGEST_SPAN_S;
  return isWhole ? last : undefined;
}
