import type { Question } from './ask.js';
import { within } from './within.js';

export interface ProbersRow {
  /** Probers heard in the stretch, and those of them that failed. */
  readonly now: number;
  readonly failing: number;
  readonly before: number;
  readonly failing_before: number;
  /** Of those that fail: the collectors of those that were the first of their address prefix in an hour, one entry each. */
  readonly firsts: readonly string[];
  /** And those of which no prefix is known that a stranger could have. */
  readonly unranked: number;
}

/** More of them than this are as good as so many. */
const MOST_FIRSTS = 1_000;

/**
 * Do the probers (rows of source `probe`) reach a host, in the stretch and in the hour before? Those inside `except` are left out, since they may
 * share its fault; '' leaves out none. One that failed in at least half of its requests, or told of failures alone, fails. Evidence only: these
 * rows are in no other answer. Anybody can sign as one: `firsts` and `unranked` tell how many address prefixes stand behind those that fail. Cost: as `clientsByKind` and `attemptsOfPlace`, over the rows of source `probe`.
 */
export const probersOfHost: Question<
  { project: string; host: string; except: string; before: number; from: number; to: number },
  ProbersRow
> = {
  sql: `
    SELECT toUInt32(countIf(made > 0 OR reported > 0)) AS now,
           toUInt32(countIf((made = 0 AND reported > 0) OR (made > 0 AND 2 * failed >= made))) AS failing,
           toUInt32(countIf(made_before > 0 OR reported_before > 0)) AS before,
           toUInt32(countIf((made_before = 0 AND reported_before > 0) OR (made_before > 0 AND 2 * failed_before >= made_before))) AS failing_before,
           groupArrayIf(${MOST_FIRSTS})(first_at, first_at != '' AND ((made = 0 AND reported > 0) OR (made > 0 AND 2 * failed >= made))) AS firsts,
           toUInt32(countIf(unknown AND first_at = '' AND ((made = 0 AND reported > 0) OR (made > 0 AND 2 * failed >= made)))) AS unranked
    FROM (
      SELECT signer, sumIf(asked, is_now) AS made, sumIf(lost, is_now) AS failed, sumIf(told, is_now) AS reported,
             sumIf(asked, NOT is_now) AS made_before, sumIf(lost, NOT is_now) AS failed_before, sumIf(told, NOT is_now) AS reported_before,
             maxIf(seen_by, is_now AND rank = 'first') AS first_at, countIf(is_now AND told > 0 AND rank = '') > 0 AS unknown
      FROM (
        SELECT signer, event_time >= toDateTime({from:UInt32}, 'UTC') AS is_now, toUInt64(attempts.made) AS asked, toUInt64(attempts.failed) AS lost,
               toUInt64(0) AS told, '' AS seen_by, '' AS rank
        FROM attempts FINAL
        WHERE ${within('attempts', 'before', 'to')} AND host = {host:String} AND source = 'probe' AND ({except:String} = '' OR network != {except:String})
        UNION ALL
        SELECT signer, event_time >= toDateTime({from:UInt32}, 'UTC') AS is_now, toUInt64(0) AS asked, toUInt64(0) AS lost, toUInt64(1) AS told,
               toString(collector) AS seen_by, toString(crowd) AS rank
        FROM reports FINAL
        WHERE ${within('reports', 'before', 'to')} AND host = {host:String} AND source = 'probe' AND ({except:String} = '' OR network != {except:String})
      )
      GROUP BY signer
    )`,
};
