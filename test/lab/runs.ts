/** Runs faults in several worlds side by side, those that only wait first. */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import type { Conditions } from './conditions.js';
import type { NelReport } from './elsewhere.js';
import type { Client } from './engine.js';
import type { Fault } from './fault.js';
import { judge } from './judge.js';
import type { Row } from './matrix.js';
import { saidOf } from './nel.js';
import { startApart } from './role.js';
import type { Role } from './role.js';
import { stuckMs } from './stuck.js';
import type { Suffered } from './world.js';

/** Pages opened for one fault at the same time, about. */
const PAGES_AT_ONCE = 10;
const TRIES = 3;

export interface Plan {
  readonly root: string;
  readonly conditions: Conditions;
  readonly faults: readonly Fault[];
  readonly clients: readonly Client[];
  readonly repeat: number;
  /** Worlds for faults that only wait; the others run in as many as there are cores, at most, or in one alone. */
  readonly worlds: number;
  readonly alone: boolean;
  /** Whether to wait for what Chromium itself reports. */
  readonly nel: boolean;
  readonly onRow: (row: Row) => void;
}

interface Job {
  readonly fault: Fault;
  readonly clients: readonly Client[];
}

function jobsOf({ faults, clients, repeat }: Plan): readonly Job[] {
  return faults.flatMap((fault) => {
    const able = clients.filter(({ engine }) => fault.engines.includes(engine));
    if (able.length === 0) return [];
    const jobs: Job[] = [];
    const atOnce = Math.max(1, Math.floor(PAGES_AT_ONCE / able.length));
    for (let left = repeat; left > 0; left -= atOnce)
      jobs.push({ fault, clients: Array.from({ length: Math.min(left, atOnce) }, () => able).flat() });
    return jobs;
  });
}

/** Keeps every core busy until the function that it returns is called. */
function makeLoad(): () => void {
  const loops = Array.from({ length: availableParallelism() }, () => spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }));
  return () => {
    for (const loop of loops) loop.kill('SIGKILL');
  };
}

interface Worlds {
  readonly all: Role[];
  /** Another one in the place of one that is stuck. */
  renew(place: number): Promise<void>;
}

async function makeWorlds(count: number, { root, conditions }: Plan): Promise<Worlds> {
  let started = 0;
  const make = async (): Promise<Role> => {
    const role = startApart('world-process', { OUTCRY_LAB_WORLD: String(started++) });
    await role.ask('start', { root, conditions });
    return role;
  };
  const all = await Promise.all(Array.from({ length: count }, make));
  return {
    all,
    async renew(place) {
      await all[place]?.stop();
      all[place] = await make();
    },
  };
}

/**
 * A busy machine may fail to make a fault; three times in a row means something else. Undefined then. What is stuck, in a browser that does
 * not answer any more, is made again in another world.
 */
async function suffer({ all, renew }: Worlds, place: number, job: Job): Promise<readonly Suffered[] | undefined> {
  const { fault, clients } = job;
  for (let tries = 1; tries <= TRIES; tries++) {
    const over = new AbortController();
    const asked = (all[place] as Role).ask<readonly Suffered[]>('suffer', { name: fault.name, clients });
    try {
      const suffered = await Promise.race([asked, wait(stuckMs(clients.length), undefined, { signal: over.signal })]);
      if (suffered) return suffered;
      console.error(`${fault.name} is stuck (${tries} of ${TRIES})`);
      asked.catch(() => undefined);
      await renew(place);
    } catch (error) {
      console.error(`${fault.name} could not be made (${tries} of ${TRIES}): ${String(error)}`);
    } finally {
      over.abort();
    }
  }
  return undefined;
}

/** Every row of the plan, and the names of the faults that could not be made. */
export async function runPlan(plan: Plan): Promise<{ readonly rows: readonly Row[]; readonly unmade: readonly string[] }> {
  const { conditions, onRow } = plan;
  const jobs = jobsOf(plan);
  const waiting = jobs.filter(({ fault }) => fault.isSilent);
  const others = jobs.filter(({ fault }) => !fault.isSilent);
  const worlds = await makeWorlds(Math.min(plan.worlds, jobs.length), plan);
  const rows: { readonly row: Row; readonly world: Role; readonly url: string }[] = [];
  const unmade: string[] = [];
  const endLoad = conditions.load ? makeLoad() : undefined;

  async function work(queue: Job[], count: number): Promise<void> {
    const serve = async (place: number): Promise<void> => {
      for (let job = queue.shift(); job; job = queue.shift()) {
        const { fault } = job;
        const suffered = await suffer(worlds, place, job);
        const world = worlds.all[place] as Role;
        if (!suffered) unmade.push(fault.name);
        for (const { client, seen, url } of suffered ?? []) {
          const row = { fault, client, seen, judged: judge(fault, seen), nel: undefined };
          rows.push({ row, world, url });
          onRow(row);
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(count, worlds.all.length) }, (_, place) => serve(place)));
  }

  await work([...waiting], plan.worlds);
  await work([...others], plan.alone ? 1 : availableParallelism());
  endLoad?.();
  if (!plan.nel) return { rows: rows.map(({ row }) => row), unmade };
  const reports = new Map(
    await Promise.all(worlds.all.map(async (world) => [world, await world.ask<readonly NelReport[]>('nelReports')] as const)),
  );
  const withNel = rows.map(({ row, world, url }) =>
    row.client.engine === 'chromium' ? { ...row, nel: saidOf(url, reports.get(world) ?? []) } : row,
  );
  return { rows: withNel, unmade };
}
