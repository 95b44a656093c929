/** When which incident happens: every project has one at a time, with quiet between. */
import type { Incident } from './incident.js';
import { stream } from './random.js';
import { makeIncident, SCRIPT_NAMES, shuffled } from './scripts.js';
import type { World } from './world.js';

/** Quiet at the start, so that levels can be learnt. */
const WARM_UP_S = 3 * 3_600;

/**
 * @param count - Incidents wanted, >= 0. @param scripts - Names to draw from in turn, default all.
 * @returns Incidents in order of time; the time after the warm-up is divided evenly, so that at most half of it is incident.
 */
export function schedule(world: World, count: number, scripts: readonly string[] = SCRIPT_NAMES): Incident[] {
  const { seed, from, to } = world.options;
  const random = stream(seed, 'schedule');
  const projects = [...new Set(world.hosts.map((h) => h.project))];
  const rows = Math.ceil(count / Math.max(1, projects.length));
  const warmUp = Math.min(WARM_UP_S, (to - from) / 4);
  const slot = Math.floor((to - from - warmUp) / Math.max(1, rows));
  let names: string[] = [];
  const incidents: Incident[] = [];
  for (let i = 0; i < count; i++) {
    if (names.length === 0) names = shuffled(scripts, random);
    const row = Math.floor(i / projects.length);
    const start = Math.floor(from + warmUp + row * slot + random() * slot * 0.3);
    const scene = {
      world,
      random: stream(seed, `incident ${String(i)}`),
      project: projects[i % projects.length] ?? '',
      start,
      room: Math.floor(slot * 0.5),
    };
    incidents.push(makeIncident(names.pop() ?? '', `i${String(i + 1)}`, scene));
  }
  return incidents.sort((a, b) => a.start - b.start);
}
