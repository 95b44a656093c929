import { INTAKE_RESERVE_BYTES } from '../journal/disk-room.js';
import { DEFAULT_LIMITS, type Limits } from '../limits.js';

/**
 * The limits of one of several workers. What is promised about a prefix or network is promised for the host, so each worker lets through
 * its part: connections go round the workers, and a prefix with many devices meets all of them. Bounds of memory hold for each worker;
 * the journal, its batches and the releases of a day are shared through its file, and the disk has to have room for what all workers
 * may have in work.
 *
 * @param workers - 1 or more.
 */
export function shareLimits(given: Partial<Limits>, workers: number): Limits {
  const limits = { ...DEFAULT_LIMITS, ...given };
  return {
    ...limits,
    uploadsPerSecond: limits.uploadsPerSecond / workers,
    uploadBurst: Math.ceil(limits.uploadBurst / workers),
    networkUploadsPerSecond: limits.networkUploadsPerSecond / workers,
    networkUploadBurst: Math.ceil(limits.networkUploadBurst / workers),
    signersPerHour: Math.ceil(limits.signersPerHour / workers),
    minFreeBytes: Math.max(limits.minFreeBytes, INTAKE_RESERVE_BYTES * workers),
  };
}
