/**
 * How fast clients use up the failures that an objective allows: the failed share of their requests ÷ the share that may fail.
 *
 * Two windows each must burn beyond the same factor, the long one so that it matters, the short one so that it still goes on (Google, The Site
 * Reliability Workbook, "Alerting on SLOs"): 2 % of the budget in an hour, 5 % in six hours, 10 % in three days. Requests are those of the
 * panel, told of in whole five minutes some minutes after. Bins are kept for three days and a little.
 */
import { episodeOf } from './burn-episode.js';
import type { BinVerdict, BurnEpisode } from './burn-episode.js';

const BIN_S = 300;
/** Agents seal their attempts at a random moment of the next five minutes. */
const WHOLE_AFTER_S = BIN_S + 30;
const HOUR_S = 3_600;
const DAY_S = 86_400;
export const BURN_KEPT_S: number = 3 * DAY_S + HOUR_S;
/** Failed requests in the long window below which nothing is said: a share of few is chance. */
const LEAST_FAILED = 10;

/** What a project promises its clients. */
export interface Slo {
  /** Share of requests that succeed, for example 0.999; between 0 and 1. */
  readonly objective: number;
  /** Days over which it is promised. */
  readonly windowDays: number;
}

export const BURN_WINDOWS_S = { '5m': BIN_S, '30m': 1_800, '1h': HOUR_S, '6h': 6 * HOUR_S, '3d': 3 * DAY_S } as const;
export type BurnWindow = keyof typeof BURN_WINDOWS_S;

interface Rule {
  readonly long: BurnWindow;
  readonly short: BurnWindow;
  /** Share of the whole budget that is gone when the long window burns at the factor. */
  readonly spent: number;
  readonly severity: 'page' | 'notice';
}
export const BURN_RULES: readonly Rule[] = [
  { long: '1h', short: '5m', spent: 0.02, severity: 'page' },
  { long: '6h', short: '30m', spent: 0.05, severity: 'page' },
  { long: '3d', short: '6h', spent: 0.1, severity: 'notice' },
];

export interface Burn extends Slo {
  /** Failed share ÷ allowed share by window; null where nobody told of requests. */
  readonly rates: Readonly<Record<BurnWindow, number | null>>;
  /** Failed requests in the last hour, of the panel and weighted. */
  readonly failedInHour: number;
  /** What it is worth: null while the budget lasts. */
  readonly severity: 'page' | 'notice' | null;
}

interface Tally {
  readonly made: number;
  readonly failed: number;
}

export class Burns {
  readonly #hosts = new Map<string, Map<number, Tally>>();

  /** Sets the weighted requests of the five minutes from `atS`; the latest word counts. */
  set(project: string, host: string, atS: number, made: number, failed: number): void {
    const bins = this.#hosts.get(keyOf(project, host)) ?? new Map<number, Tally>();
    this.#hosts.set(keyOf(project, host), bins);
    bins.set(Math.floor(atS / BIN_S), { made, failed: Math.min(made, Math.max(0, failed)) });
  }

  /** @returns How fast the budget burns now; undefined where nobody ever told of requests. */
  of(project: string, host: string, slo: Slo, nowMs: number): Burn | undefined {
    const bins = this.#hosts.get(keyOf(project, host));
    if (bins === undefined || bins.size === 0) return undefined;
    const end = lastWhole(nowMs);
    const tally = (window: BurnWindow): Tally => sum(bins, end - BURN_WINDOWS_S[window] / BIN_S, end);
    const rate = (window: BurnWindow): number | null => rateOf(tally(window), slo);
    const rates = { '5m': rate('5m'), '30m': rate('30m'), '1h': rate('1h'), '6h': rate('6h'), '3d': rate('3d') };
    return { ...slo, rates, failedInHour: tally('1h').failed, severity: severityOf(tally, BURN_RULES, slo) };
  }

  /** @returns Since when, and how gravely, the budget burns too fast, short pauses included; null where it lasts. */
  episode(project: string, host: string, slo: Slo, nowMs: number): BurnEpisode | null {
    const bins = this.#hosts.get(keyOf(project, host));
    if (bins === undefined || bins.size === 0) return null;
    const end = lastWhole(nowMs);
    const first = end - BURN_KEPT_S / BIN_S;
    const totals = totalsFrom(bins, first, end);
    const verdicts = Array.from({ length: end - first }, (_, i): BinVerdict => {
      const to = i + 1;
      const tally = (window: BurnWindow): Tally => between(totals, to - BURN_WINDOWS_S[window] / BIN_S, to);
      // A window that reaches beyond what is kept would say something else than it said then.
      const rules = BURN_RULES.filter(({ long }) => BURN_WINDOWS_S[long] / BIN_S <= to);
      return severityOf(tally, rules, slo) ?? (tally('5m').made > 0 ? 'lasts' : 'untold');
    });
    return episodeOf(verdicts, end * BIN_S * 1000, BIN_S * 1000);
  }

  /** Share of the budget of the whole window that a stretch used up; null where too little is known. */
  spent(project: string, host: string, slo: Slo, fromMs: number, toMs: number): number | null {
    const bins = this.#hosts.get(keyOf(project, host));
    if (bins === undefined || bins.size === 0) return null;
    const { failed } = sum(bins, Math.floor(fromMs / 1000 / BIN_S), Math.floor(toMs / 1000 / BIN_S) + 1);
    const made = [...bins.values()].reduce((total, tally) => total + tally.made, 0);
    const perSecond = made / (bins.size * BIN_S);
    const allowed = perSecond * slo.windowDays * DAY_S * (1 - slo.objective);
    return allowed > 0 ? failed / allowed : null;
  }

  forget(nowMs: number): void {
    const oldest = (nowMs / 1000 - BURN_KEPT_S) / BIN_S;
    for (const bins of this.#hosts.values()) for (const bin of bins.keys()) if (bin < oldest) bins.delete(bin);
  }
}

/** The bin that is filling or still being told of: all before it are whole. */
const lastWhole = (nowMs: number): number => Math.floor((nowMs / 1000 - WHOLE_AFTER_S) / BIN_S);

/** Failed share ÷ allowed share; null without requests. */
function rateOf({ made, failed }: Tally, { objective }: Slo): number | null {
  return made > 0 ? failed / made / Math.max(1e-9, 1 - objective) : null;
}

/** The severity of the first rule that holds; null where none does. */
function severityOf(tally: (window: BurnWindow) => Tally, rules: readonly Rule[], slo: Slo): 'page' | 'notice' | null {
  const burns = (window: BurnWindow, factor: number): boolean => (rateOf(tally(window), slo) ?? 0) >= factor;
  const rule = rules.find(({ long, short, spent }) => {
    const factor = (spent * slo.windowDays * DAY_S) / BURN_WINDOWS_S[long];
    return burns(long, factor) && burns(short, factor) && tally(long).failed >= LEAST_FAILED;
  });
  return rule?.severity ?? null;
}

function sum(bins: ReadonlyMap<number, Tally>, from: number, to: number): Tally {
  let [made, failed] = [0, 0];
  for (let bin = from; bin < to; bin++) {
    const tally = bins.get(bin);
    made += tally?.made ?? 0;
    failed += tally?.failed ?? 0;
  }
  return { made, failed };
}

const NONE: Tally = { made: 0, failed: 0 };

/** Running totals: element `n` is that of the first `n` bins from `from` on. Where nothing is added they stay exactly the same. */
function totalsFrom(bins: ReadonlyMap<number, Tally>, from: number, to: number): readonly Tally[] {
  const totals = [NONE];
  for (let bin = from; bin < to; bin++) {
    const { made, failed } = totals.at(-1) ?? NONE;
    const own = bins.get(bin) ?? NONE;
    totals.push({ made: made + own.made, failed: failed + own.failed });
  }
  return totals;
}

/** The sum of the bins from the `from`-th up to the `to`-th. */
function between(totals: readonly Tally[], from: number, to: number): Tally {
  const [before, after] = [totals[Math.max(0, from)] ?? NONE, totals[to] ?? NONE];
  return { made: after.made - before.made, failed: after.failed - before.failed };
}

const keyOf = (project: string, host: string): string => `${project}\u0000${host}`;
