import type { PublishedSpike } from './shapes.js';

/** A spike's place in one word, for labels: `everywhere`, `several`, or for example `network=AS3320/DE`. Made of what is published. */
export function placeLabel({ places }: Pick<PublishedSpike, 'places'>): string {
  const [only, ...more] = places;
  if (only === undefined) return 'everywhere';
  if (more.length > 0) return 'several';
  return Object.entries(only.where)
    .map(([dimension, value]) => `${dimension}=${value}`)
    .join(',');
}
