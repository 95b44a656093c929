/** Under which names the places of a spike are told, such that no number tells of fewer than k clients. Only for `publish()`. */
import { cellCount, ROUNDING } from './count.js';
import { IDENTIFYING } from './shapes.js';
import type { Dimension, PublishedPlace, RawPlace, RawSpike } from './shapes.js';
import { restMayBeTold } from './suppress.js';

type Where = Readonly<Partial<Record<Dimension, string>>>;

interface Named {
  readonly where: Where;
  readonly clients: number;
  readonly explained: number | null;
}

/** Each place by the finest of its names that has k clients; none where the difference to a finer one would tell of fewer. Places of the same name are one. */
export function publishPlaces({ places, failingClients }: Pick<RawSpike, 'places' | 'failingClients'>, k: number): PublishedPlace[] {
  return untelling(distinct(places.flatMap((place) => finest(place, failingClients, k) ?? [])), k).map(({ where, clients, explained }) => {
    const { value, text } = cellCount(clients, k);
    return { where, clients: value, clients_text: text, explained };
  });
}

/** The country of a network; null for none. */
export function countryOf(network: string | undefined): string | null {
  const country = network?.slice(network.lastIndexOf('/') + 1);
  return country === undefined || country === 'ZZ' ? null : country;
}

/** The place with as many of its dimensions as still have k clients, coarser ones left; undefined when none has. */
function finest(place: RawPlace, failing: number, k: number): Named | undefined {
  const named = IDENTIFYING.filter((d) => place.where[d] !== undefined);
  const country = countryOf(place.where.network);
  const options: Where[] = [place.where, ...named.map((d) => ({ [d]: place.where[d] }))];
  if (country !== null) options.push({ country });
  for (const where of options) {
    const key = IDENTIFYING.filter((d) => where[d] !== undefined).join('+');
    const clients = key === '' ? 0 : (place.clientsBy[key] ?? 0);
    if (clients >= k) return { where, clients, explained: where === place.where ? stepped(place.explained, failing) : null };
  }
  return undefined;
}

/**
 * Without the places that hold others which are named, and too few clients beside them: `DE about 45` next to `AS1/DE about 40` tells of five. What is left
 * out is the coarser name, since then most of its clients are in the finer ones.
 */
function untelling(places: readonly Named[], k: number): Named[] {
  const kept = new Set<Named>();
  const held = new Map(places.map((place) => [place, places.filter((other) => holds(place.where, other.where)).length]));
  // The finest first, which hold the fewest others: whether a name may stay is judged by those inside it that do.
  for (const place of [...places].sort((a, b) => (held.get(a) ?? 0) - (held.get(b) ?? 0))) {
    const inside = [...kept].filter((other) => holds(place.where, other.where));
    const parts = inside.filter((part) => !inside.some((other) => other !== part && holds(other.where, part.where)));
    const sizes = parts.map(({ clients }) => clients);
    if (parts.length === 0 || restMayBeTold(place.clients, sizes, k)) kept.add(place);
  }
  return places.filter((place) => kept.has(place));
}

/** Whether everything in `inner` is in `outer`, and its name is another. A network lies in its country. */
function holds(outer: Where, inner: Where): boolean {
  const country = countryOf(inner.network);
  const known: Where = country === null ? inner : { country, ...inner };
  const named = IDENTIFYING.filter((d) => outer[d] !== undefined);
  return nameOf(outer) !== nameOf(inner) && named.every((d) => outer[d] === known[d]);
}

/** A share in steps of five of the failing clients, at least 5 %: finer ones would undo the rounding of the count, or tell a hidden place. */
function stepped(share: number, failing: number): number {
  const step = Math.max(0.05, ROUNDING / Math.max(failing, ROUNDING));
  return Math.round(100 * Math.min(1, Math.round(share / step) * step)) / 100;
}

const nameOf = (where: Where): string => JSON.stringify(IDENTIFYING.map((d) => where[d] ?? null));

function distinct(places: readonly Named[]): Named[] {
  return places.filter(({ where }, i) => places.findIndex((other) => nameOf(other.where) === nameOf(where)) === i);
}
