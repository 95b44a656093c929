/** Keeps the number of releases of a project small: what comes after the 200th new one of a UTC day is stored as `other`. */
import { utcDay } from '@outcry/protocol';

export type CapRelease = (project: string, release: string, nowMs: number) => string;

/** @param perDay - releases per project and UTC day that keep their name. */
export function releaseCap(perDay: number): CapRelease {
  let day = -1;
  const known = new Map<string, Set<string>>();
  return (project, release, nowMs) => {
    const today = utcDay(nowMs);
    if (today !== day) {
      day = today;
      known.clear();
    }
    let releases = known.get(project);
    if (releases === undefined) known.set(project, (releases = new Set()));
    if (releases.has(release)) return release;
    if (releases.size >= perDay) return 'other';
    releases.add(release);
    return release;
  };
}
