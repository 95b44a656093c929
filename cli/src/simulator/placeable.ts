/** Whether one who knows every share and the true background could name a place from what failed there. */
import { upperTail } from '@outcry/analyzer';
import type { World } from './world.js';

type Where = Readonly<Record<string, string>>;

/** Improbability of the failures as usual ones: one of about a thousand places by chance in a thousand incidents. */
const NOTICED_P = 1e-6;
/** How many times likelier the place must make them than any other name that holds them all. */
const LIKELIER = 1_000;

/**
 * @param failures - Added in the place at one host, all inside it. @param usual - Their number without the incident, and `background` its mean.
 * @returns Whether they are no usual ones, and would be less likely by `LIKELIER` in a coarser place, or only in the largest part of this one.
 */
export function isPlaceable(
  world: World,
  project: string,
  where: Where,
  at: number,
  { failures, usual, background }: { readonly failures: number; readonly usual: number; readonly background: number },
): boolean {
  if (failures < 1 || upperTail(failures + usual, background, background) >= NOTICED_P) return false;
  const share = (inside: Where, of: Where): number => {
    const whole = world.shareOf(project, of, at);
    return whole > 0 ? Math.min(1, world.shareOf(project, inside, at) / whole) : 0;
  };
  const { network } = where;
  const coarser = [{}, ...(network === undefined ? [] : [{ country: world.countryOf(network) }])].map((of) => share(where, of));
  const finer = world.largestParts(project, where, at).map((part) => share({ ...where, ...part }, where));
  // All of them inside the place by chance, where the fault is coarser; all inside one part of it by chance, where it is not.
  const byChance = Math.max(...coarser, ...finer);
  return failures * -Math.log(byChance) >= Math.log(LIKELIER);
}
