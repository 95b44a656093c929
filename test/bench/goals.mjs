import { printTable } from './machine.mjs';

/** Prints each goal beside its figure. `least` goals are met from the bound up, `most` goals up to the bound. */
export function printGoals(goals) {
  const text = (value, digits) => value.toLocaleString('en', { maximumFractionDigits: digits, minimumFractionDigits: digits });
  printTable([
    ['goal', 'bound', 'figure', ''],
    ...goals.map(({ what, least, most, figure, digits = 0 }) => [
      what,
      least === undefined ? `≤ ${text(most, digits)}` : `≥ ${text(least, digits)}`,
      text(figure, digits),
      (least === undefined ? figure <= most : figure >= least) ? 'met' : 'not met',
    ]),
  ]);
}
