/** When a report arrives, and which time it says: probing, batching, upload; queues of devices that were away; clocks that were wrong. */
import { normal } from './random.js';
import type { Random } from './random.js';

/** Agents wait up to this long to send several reports at once, s. */
const BATCH_S = 5;
/** Until a time-out is known to be one. */
const TIMEOUT_S = 10;
const UPLOAD_MEAN_S = 1.5;
/** From the collector's answer to the row in storage. */
const INSERT_S = 1.5;
/** Reports that waited on a device without a connection, and for how long on average. */
const QUEUED_SHARE = 0.02;
const QUEUED_MEAN_S = 2_400;
/** Devices whose clock was wrong beyond what the collector could correct, and by how much. */
const SKEWED_SHARE = 0.005;
const SKEW_SD_S = 300;

const exponential = (random: Random, mean: number): number => -mean * Math.log(1 - random());

/** Arrival in storage of a failure at `at`, s. @param offlineS - How long a client without a connection waits for one on average. */
export function arrivalOf(random: Random, at: number, kind: string, queuedShare = QUEUED_SHARE, offlineS = QUEUED_MEAN_S): number {
  const probing = 1 + 2 * random();
  const known = at + probing + (kind === 'timeout' ? TIMEOUT_S : 0);
  const queued = random() < queuedShare || kind === 'offline' ? exponential(random, kind === 'offline' ? offlineS : QUEUED_MEAN_S) : 0;
  return known + queued + random() * BATCH_S + exponential(random, UPLOAD_MEAN_S) + INSERT_S;
}

/** The time that the report says, never later than its arrival. */
export function recordedAt(random: Random, at: number, arrived: number, skewedShare = SKEWED_SHARE): number {
  return random() < skewedShare ? Math.min(arrived, Math.round(at + SKEW_SD_S * normal(random))) : at;
}
