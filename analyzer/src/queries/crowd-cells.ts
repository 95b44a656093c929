import { FROM_AGENTS } from './ask.js';
import type { Question } from './ask.js';
import { beforeSigners, COUNTED, IN_STRETCH, nowSigners } from './stretch.js';
import type { Stretch } from './stretch.js';

export interface CrowdCellRow {
  readonly collector: string;
  readonly network: string;
  readonly country: string;
  readonly release: string;
  /** Clients in the spike that were the first of their address prefix in an hour, and in each stretch before it, summed. */
  readonly first: number;
  readonly firstBefore: number;
  /** Clients that were not one of many of their prefix, likewise; the first are among them. */
  readonly counted: number;
  readonly countedBefore: number;
  /** Clients of which the collector knew no prefix that a stranger could have, likewise. */
  readonly unranked: number;
  readonly unrankedBefore: number;
}

const RANKED = `${COUNTED} AND crowd != ''`;

/**
 * How many address prefixes stand behind the failures of a spike, by the collector that saw them and by place? What decides whether a spike
 * is told at all; never shown. An empty host means all of the project. Cost: as `failureCells`, asked only while a spike is not told yet.
 */
export const crowdCells: Question<{ project: string; host: string; kind: string } & Stretch, CrowdCellRow> = {
  sql: `
    SELECT collector, network, country, release,
           ${nowSigners(`crowd = 'first'`)} AS first, ${beforeSigners(`crowd = 'first'`)} AS firstBefore,
           ${nowSigners(RANKED)} AS counted, ${beforeSigners(RANKED)} AS countedBefore,
           ${nowSigners(`crowd = ''`)} AS unranked, ${beforeSigners(`crowd = ''`)} AS unrankedBefore
    FROM reports FINAL
    WHERE ${IN_STRETCH}
      AND ({host:String} = '' OR host = {host:String}) AND kind = {kind:String} AND ${FROM_AGENTS}
    GROUP BY collector, network, country, release`,
};
