/** Which versions came into service within an answer of `deploysQuery`. Pure. */
import type { MarkerRow } from '@outcry/storage';
import { markerId } from '../markers/marker.js';
import type { RangeSeries } from './query-range.js';

const MAX_RELEASE = 40;

/**
 * A version is a deploy when it was not there at the first moment of the answer, while another was. @param known - Versions of the answer before; undefined at first.
 *
 * @returns The markers of new versions, and all versions seen now. Series without a label, and values that are no release, are left out.
 */
export function deploysOf(
  answer: readonly RangeSeries[],
  known: ReadonlySet<string> | undefined,
  { project, host }: { readonly project: string; readonly host: string },
): { markers: MarkerRow[]; versions: ReadonlySet<string> } {
  const firstS = Math.min(...answer.flatMap(({ values }) => values[0]?.[0] ?? []));
  const versions = new Set<string>();
  const markers: MarkerRow[] = [];
  for (const { metric, values } of answer) {
    const version = Object.entries(metric).find(([label]) => label !== '__name__')?.[1];
    const startS = values[0]?.[0];
    if (version === undefined || startS === undefined || !/^[0-9A-Za-z.+_-]+$/.test(version) || version.length > MAX_RELEASE) continue;
    versions.add(version);
    if (known?.has(version) === true || startS <= firstS) continue;
    const marker = { project, host, time: Math.floor(startS), kind: 'deploy', release: version };
    markers.push({ ...marker, marker_id: markerId(marker), title: `version ${version} came into service` });
  }
  return { markers, versions };
}
