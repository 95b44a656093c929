import type { PublishedSlo, RawSlo } from './shapes.js';

/** Failed requests of the last hour below which no burn is said: it would tell of single clients. */
const LEAST_FAILED = 10;

/** How fast a budget burns, with two digits. Only for `publish()`. */
export function publishSlo({ burn, spent }: RawSlo): PublishedSlo {
  const { objective, windowDays, rates, severity, failedInHour } = burn;
  const few = failedInHour < LEAST_FAILED;
  const rate = (x: number | null): number | null => (x === null || few ? null : Number(x.toPrecision(2)));
  return {
    objective,
    window_days: windowDays,
    burn_1h: rate(rates['1h']),
    burn_6h: rate(rates['6h']),
    burn_3d: rate(rates['3d']),
    severity,
    budget_spent: spent === null || few ? null : Number(spent.toPrecision(1)),
  };
}
