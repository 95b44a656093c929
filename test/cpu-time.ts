/** What a piece of work costs in CPU time: other than time on the wall, it hardly changes with what else the machine does. */

/**
 * The least CPU time of several rounds: what else this process does, such as collecting garbage, only ever adds to it.
 *
 * @param repeat - How often the work is done in each round.
 * @returns Milliseconds for one piece of work. Rejects with the work's own error.
 */
export async function leastCpuMs(work: () => unknown, { rounds = 5, repeat = 1 } = {}): Promise<number> {
  let leastUs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage();
    for (let done = 0; done < repeat; done++) await work();
    const { user, system } = process.cpuUsage(before);
    leastUs = Math.min(leastUs, (user + system) / repeat);
  }
  return leastUs / 1_000;
}
