/** What a replay learns when an hour is over: the load of its hosts, and how its failures came together. */
import { Bursts } from '../watch/bursts.js';
import type { Unusual } from '../watch/bursts.js';
import type { History } from '../watch/history.js';
import type { Loads } from '../watch/load.js';
import type { Shares } from '../watch/shares.js';
import type { Arrived } from './arrived.js';

const HOUR_S = 3_600;
/** As the loop: bursts of an hour are learnt ten minutes after its end. */
const BURSTS_AFTER_S = 600;

/** @param fromMs - Start of the hour. */
export function learnLoads(projects: Readonly<Record<string, readonly string[]>>, loads: Loads, history: History, fromMs: number): void {
  for (const [project, hosts] of Object.entries(projects)) {
    for (const host of hosts) {
      const load = loads.perSecond(project, host, fromMs, fromMs + HOUR_S * 1000);
      if (load !== undefined) history.setLoad(project, host, fromMs / 1000, load);
    }
  }
}

/** Bursts, learnt once an hour of the hour before; what spikes hold is left out as soon as they are told. */
export class LearntBursts {
  readonly bursts = new Bursts();
  /** The hour (since the epoch) that was learnt last, and how many spikes had been told then. */
  #learnt = { hour: NaN, told: 0 };

  /** @param told - How many spikes were told so far. @param spikes - All of them. */
  learn(arrived: Arrived, shares: Shares, nowS: number, told: number, spikes: () => readonly Unusual[]): void {
    const hour = Math.floor((nowS - BURSTS_AFTER_S) / HOUR_S) - 1;
    const { hour: before, told: toldBefore } = this.#learnt;
    if (hour === before && told === toldBefore) return;
    if (hour !== before) for (const row of arrived.burstsIn(hour * HOUR_S)) this.bursts.set(row);
    this.#learnt = { hour, told };
    this.bursts.learn(spikes(), shares, nowS * 1000);
  }
}
