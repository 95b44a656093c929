/** When the requests of a host that its clients counted arrive, where something holds some of the clients back. */
import type { AttemptsRow } from '@outcry/analyzer';
import type { Incident } from './incident.js';
import type { Random } from './random.js';

/** Clients that are drawn to learn which part of a sum is late or lost. */
const DRAWN = 200;
/** Late parts are told together, s. */
const TOGETHER_S = 60;

/**
 * @param row - The sum over all clients, as if nothing held them back. @param incidents - What may. @param drawClient - One of the clients.
 * @returns The rows by arrival, each with all that has arrived until then, so that a later one replaces those before it; none where nothing ever does.
 */
export function asTheyArrive(
  row: AttemptsRow,
  incidents: readonly Incident[],
  drawClient: () => { readonly country: string },
  random: Random,
): AttemptsRow[] {
  const holding = incidents.flatMap(({ arrival }) => arrival ?? []);
  if (holding.length === 0) return [row];
  const parts = new Map<number, number>();
  for (let i = 0; i < DRAWN; i++) {
    const client = drawClient();
    let arrived: number | null = row.arrived;
    for (const arrival of holding) if (arrived !== null) arrived = arrival(client, arrived, random);
    if (arrived === null) continue;
    const told = arrived <= row.arrived ? row.arrived : Math.ceil(arrived / TOGETHER_S) * TOGETHER_S;
    parts.set(told, (parts.get(told) ?? 0) + 1);
  }
  let clients = 0;
  return [...parts]
    .sort(([a], [b]) => a - b)
    .map(([arrived, more]) => {
      clients += more;
      const part = (count: number): number => Math.round((count * clients) / DRAWN);
      return { ...row, arrived, made: part(row.made), failed: part(row.failed) };
    });
}
