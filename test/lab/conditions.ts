/** Under what conditions a run was made. */
export interface Conditions {
  /** Whether the service sends `Timing-Allow-Origin`. */
  readonly tao: boolean;
  /** Round-trip time of the way to the service, milliseconds; 0 is as fast as it goes. */
  readonly rttMs: number;
  /** Whether the way elsewhere takes as long. */
  readonly rttElsewhere: boolean;
  /** Share of packets lost by chance each way, percent. */
  readonly lossPercent: number;
  /** Whether all cores are kept busy besides. */
  readonly load: boolean;
}

/** `round trips of 80 ms, Timing-Allow-Origin, 1 % loss`. */
export function wordsOf({ tao, rttMs, rttElsewhere, lossPercent, load }: Conditions): string {
  return [
    rttMs > 0 ? `round trips of ${rttMs} ms${rttElsewhere ? ' everywhere' : ''}` : 'round trips below 1 ms',
    tao ? 'Timing-Allow-Origin' : 'no Timing-Allow-Origin',
    lossPercent > 0 ? `${lossPercent} % loss` : '',
    load ? 'all cores busy' : '',
  ]
    .filter(Boolean)
    .join(', ');
}
