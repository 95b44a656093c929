import { FROM_AGENTS } from './ask.js';
import type { Question } from './ask.js';
import { within } from './within.js';

export interface ClientsOfPlaceRow {
  readonly clients: number;
}

/**
 * How many clients failed at one place in one window of the grid? An empty dimension means any value. Decides whether a place may be named.
 * Cost: as `clientsByDimension`, without the expansion.
 */
export const clientsOfPlace: Question<
  { project: string; host: string; kind: string; network: string; country: string; release: string; from: number; to: number },
  ClientsOfPlaceRow
> = {
  sql: `
    SELECT toUInt32(max(n)) AS clients
    FROM (
      SELECT toUInt32(uniqExact(signer)) AS n
      FROM reports FINAL
      WHERE ${within('reports', 'from', 'to')}
        AND host = {host:String} AND kind = {kind:String} AND ${FROM_AGENTS}
        AND ({network:String} = '' OR network = {network:String}) AND ({country:String} = '' OR country = {country:String})
        AND ({release:String} = '' OR release = {release:String})
      GROUP BY toDate(event_time, 'UTC')
    )`,
};
