/** Where and when a script of incidents plays, and what it draws of it. */
import type { Incident } from './incident.js';
import { logUniform } from './random.js';
import type { Random } from './random.js';
import type { World } from './world.js';

export interface Scene {
  readonly world: World;
  readonly random: Random;
  readonly project: string;
  readonly start: number;
  /** The longest that it may last, s. */
  readonly room: number;
}

/** What a script tells of its incident. */
export type Parts = Omit<Incident, 'id' | 'script' | 'project' | 'start' | 'end' | 'harmless' | 'fake' | 'verdict'> & {
  readonly verdict?: string;
  readonly harmless?: boolean;
  readonly fake?: boolean;
  /** Wanted duration, s. */
  readonly lasts: number;
};

export const only = (kind: string, type: string): Incident['failures'] => [{ kind, type, share: 1 }];
export const oneHost = ({ world, random, project }: Scene): string[] => {
  const own = world.hosts.filter((h) => h.project === project);
  return [own[Math.floor(random() * own.length)]?.host ?? ''];
};
export const allHosts = ({ world, project }: Scene): string[] => world.hosts.filter((h) => h.project === project).map((h) => h.host);
export const networks = ({ world, random, project, start }: Scene, count: number): { network: string }[] => {
  const found = new Set<string>();
  while (found.size < count) found.add(world.drawClient(random, project, start).network);
  return [...found].map((network) => ({ network }));
};
export const country = ({ world, random, project, start }: Scene): string => world.drawClient(random, project, start).country;
export const minutes = (random: Random, low: number, high: number): number => 60 * Math.round(logUniform(random, low, high));
