/** How right the words of spikes are: the places that they name, and their verdicts. Pure. */
import type { SpikeRecord } from '../watch/spike-record.js';
import type { IncidentRow } from './rows.js';

type Where = Readonly<Record<string, string>>;

/** What a spike is said to be: all else is its numbers. */
export interface Words {
  /** Null where a detector names no places. */
  readonly places: readonly Where[] | null;
  readonly verdict: string | null;
  readonly uncorroborated: boolean;
}

/** What a version of a spike says. */
export const wordsOf = ({ document: { places, verdict } }: Pick<SpikeRecord, 'document'>): Words => ({
  places: places.map((p) => p.where),
  verdict: verdict.verdict,
  uncorroborated: verdict.uncorroborated,
});

export interface Share {
  readonly of: number;
  readonly hits: number;
  /** hits ÷ of; null of none. */
  readonly share: number | null;
}

/** How right places and verdicts of spikes that tell an incident are. */
export interface Judgement {
  /** Of those of an incident that lies in places: the very places; these or a coarser name; F1 over places. */
  readonly place_exact: Share;
  readonly place_parent: Share;
  /** Over the places that the oracle could name: others neither have to be named nor are wrong by a coarser name. And over all. */
  readonly place_f1: number | null;
  readonly place_f1_all: number | null;
  /** Places named where the incident is everywhere. */
  readonly place_claimed_everywhere: Share;
  readonly verdict: Share;
  /** Incidents made up in one network of which every spike says "nothing else supports it". */
  readonly fakes_uncorroborated: Share;
}

export const share = (hits: number, of: number): Share => ({ of, hits, share: of === 0 ? null : hits / of });
const sameWhere = (a: Where, b: Where): boolean => contains(a, b) && contains(b, a);
/** Whether `inner` says all that `outer` says. */
const contains = (outer: Where, inner: Where): boolean => Object.entries(outer).every(([d, value]) => inner[d] === value);

/** Whether a named place is the true one or a coarser name of it: fewer dimensions, or the country of its network. */
function isParent(named: Where, truth: Where): boolean {
  const country = truth['country'] ?? truth['network']?.split('/')[1];
  return contains(named, country === undefined ? truth : { ...truth, country });
}

/** A spike and the incident that it tells. */
export interface Telling {
  readonly incident: IncidentRow;
  readonly spike: Words & { readonly host: string; readonly first?: Words };
}
export type Said = (spike: Telling['spike']) => Words;
export const lastWords: Said = (spike) => spike;
export const firstWords: Said = (spike) => spike.first ?? spike;

/** @param tellings - Spikes, each with the incident that it tells. @param fakes - The spikes of each incident that was made up. */
export function judgement(tellings: readonly Telling[], fakes: readonly (readonly Telling[])[], said: Said): Judgement {
  const placed = tellings.flatMap(({ incident: { places, placeable, placeable_at }, spike }) => {
    const named = said(spike).places;
    const isPlaceable = placeable_at?.[spike.host] ?? placeable;
    return places.length === 0 || named === null
      ? []
      : [{ truth: places, named, placeable: places.filter((_, n) => isPlaceable?.[n] !== false) }];
  });
  const judged = tellings.flatMap(({ incident, spike }) => {
    const { verdict } = said(spike);
    return verdict === null ? [] : [verdict === incident.verdict];
  });
  const told = fakes.filter((own) => own.length > 0);
  return {
    place_exact: share(
      placed.filter((p) => p.truth.length === p.named.length && p.truth.every((t) => p.named.some((w) => sameWhere(t, w)))).length,
      placed.length,
    ),
    place_parent: share(
      placed.filter((p) => p.named.length > 0 && p.named.every((w) => p.truth.some((t) => isParent(w, t)))).length,
      placed.length,
    ),
    place_f1: f1(
      placed.map(({ truth, named, placeable }) => {
        const hidden = truth.filter((t) => !placeable.includes(t));
        return {
          truth: placeable,
          named: named.filter((w) => placeable.some((t) => sameWhere(t, w)) || !hidden.some((t) => isParent(w, t))),
        };
      }),
    ),
    place_f1_all: f1(placed),
    place_claimed_everywhere: claimed(tellings.filter(({ incident }) => incident.places.length === 0).map(({ spike }) => said(spike))),
    verdict: share(judged.filter(Boolean).length, judged.length),
    fakes_uncorroborated: share(told.filter((own) => own.every(({ spike }) => said(spike).uncorroborated)).length, told.length),
  };
}

/** How many of those that could name places do. */
export function claimed(of: readonly Words[]): Share {
  const able = of.filter(({ places }) => places !== null);
  return share(able.filter(({ places }) => (places?.length ?? 0) > 0).length, able.length);
}

/** F1 of names over all incidents; null without any name. */
function f1(placed: readonly { readonly truth: readonly Where[]; readonly named: readonly Where[] }[]): number | null {
  const hits = placed.reduce((n, p) => n + p.truth.filter((t) => p.named.some((w) => sameWhere(t, w))).length, 0);
  const total = placed.reduce((n, p) => n + p.truth.length + p.named.length, 0);
  return total === 0 ? null : (2 * hits) / total;
}
