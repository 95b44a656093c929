/** The other kinds of a host, and how these and its own stand at all hosts of its project: what a new name is told by. */
import { WATCHED_KINDS } from '../watch/build-series.js';
import type { Judged, Sibling } from '../watch/renamed.js';

/** @param hosts - Of the project. @param judged - The series of a host and kind, if it has any. */
export function siblingsOf(
  { host, kind }: { readonly host: string; readonly kind: string },
  hosts: readonly string[],
  judged: (host: string, kind: string) => Judged | undefined,
): Sibling[] {
  const inProject = (of: string): Judged[] => hosts.flatMap((at) => judged(at, of) ?? []);
  return WATCHED_KINDS.filter((other) => other !== kind).flatMap((other) => {
    const own = judged(host, other);
    return own === undefined ? [] : [{ ...own, inProject: () => ({ spikes: inProject(kind), siblings: inProject(other) }) }];
  });
}
