/** A world in a process of its own, so that several can suffer at the same time. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Conditions } from './conditions.js';
import type { Client } from './engine.js';
import { FAULTS } from './faults.js';
import { serveCalls } from './role.js';
import { makeWorld } from './world.js';
import type { World } from './world.js';

/** Where `ip netns` keeps its names. */
const NAMES = '/run/netns';
let world: World;

serveCalls({
  async start({ root, conditions }: { root: string; conditions: Conditions }) {
    mkdirSync(NAMES, { recursive: true });
    const done = spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', NAMES], { encoding: 'utf8' });
    if (done.status !== 0) throw new Error(done.stderr);
    process.env['TMPDIR'] = mkdtempSync(join(tmpdir(), 'world-'));
    world = await makeWorld(root, conditions);
  },
  suffer({ name, clients }: { name: string; clients: readonly Client[] }) {
    const fault = FAULTS.find((one) => one.name === name);
    if (!fault) throw new Error(`no fault ${name}`);
    return world.suffer(fault, clients);
  },
  nelReports: () => world.nelReports(),
});
