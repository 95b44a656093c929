/**
 * Keeps the number of releases of a project small: what comes after the 200th new one of a UTC day is stored as `other`. Which they are
 * stands in the journal, so that the number holds over all workers and over restarts.
 */
import { utcDay } from '@outcry/protocol';
import type { Journal } from '../journal/journal.js';

/** The name to store a release under; a promise when it is written down first. Rejects when the disk fails. */
export type CapRelease = (project: string, release: string, nowMs: number) => string | Promise<string>;

const OTHER = 'other';

/** Behind the day (2 bytes) the project, which has no line feed in it, and the release; without a release the count stands there. */
function keyOf(day: number, project: string, release = ''): Buffer {
  const head = Buffer.allocUnsafe(2);
  head.writeUInt16BE(day);
  return Buffer.concat([head, Buffer.from(`${project}\n${release}`)]);
}

/** @param perDay - releases per project and UTC day that keep their name. */
export function releaseCap(
  perDay: number,
  { commits, environment: { root, releases } }: Pick<Journal, 'commits' | 'environment'>,
): CapRelease {
  let today = -1;
  const known = new Map<string, Set<string>>();
  const knownOf = (project: string): Set<string> => {
    let names = known.get(project);
    if (names === undefined) known.set(project, (names = new Set()));
    return names;
  };

  const count = (key: Buffer): number => releases.get(key)?.readUInt32BE() ?? 0;

  const learn = async (day: number, project: string, release: string): Promise<string> => {
    const [name, all] = [keyOf(day, project, release), keyOf(day, project)];
    const isKept = await commits.run(() =>
      root.transaction(() => {
        if (releases.doesExist(name)) return true;
        const before = count(all);
        if (before >= perDay) return false;
        const after = Buffer.alloc(4);
        after.writeUInt32BE(before + 1);
        void releases.put(name, Buffer.of(1));
        void releases.put(all, after);
        return true;
      }),
    );
    if (isKept && day === today) knownOf(project).add(release);
    return isKept ? release : OTHER;
  };

  return (project, release, nowMs) => {
    const day = utcDay(nowMs);
    if (day !== today) {
      today = day;
      known.clear();
    }
    if (known.get(project)?.has(release) === true) return release;
    if (!releases.doesExist(keyOf(day, project, release))) {
      return count(keyOf(day, project)) >= perDay ? OTHER : learn(day, project, release);
    }
    knownOf(project).add(release);
    return release;
  };
}
