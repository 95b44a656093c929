/**
 * What a service worker needs of the options and the receipt, which only pages are given: it stands in the store, written by a page
 * that has consent and erased by the withdrawal with everything else.
 */
import { toBase64Url } from '@outcry/protocol';
import { checkOptions } from './check-options.js';
import type { CheckedOptions } from './check-options.js';
import type { Grant } from './grant.js';
import type { Store } from './platform.js';
import type { OutcryOptions, Receipt } from './types.js';

const KEY = 'worker';

/** Writes the plan, or takes it away when the app no longer leaves anything to a worker. Rejects when the store does. */
export async function leavePlan(grant: Grant, receipt: Receipt): Promise<void> {
  const { options, platform } = grant;
  const { project, release, hosts, collectors, recipientKey, configKey, minConfigVersion, maxBytesPerDay, worker } = options;
  if (!worker) {
    if ((await platform.store.get(KEY)) !== undefined) await grant.save([], [KEY]);
    return;
  }
  const plan: OutcryOptions = {
    project,
    release,
    hosts,
    collectors,
    // It is not asked where the device is: no failure is recorded there.
    witnesses: [],
    recipientKey: toBase64Url(recipientKey),
    ...(configKey && { configKey: toBase64Url(configKey) }),
    minConfigVersion,
    maxBytesPerDay,
    worker,
    consent: 'granted',
    // Of the time only the day, as in the decision that the page keeps.
    receipt: { ...receipt, at: `${new Date(receipt.at).toISOString().slice(0, 10)}T00:00:00Z` },
  };
  await grant.save([[KEY, plan]]);
}

/** The options that a page left; undefined when none did, or when another version wrote what this one does not take. Rejects when the store does. */
export async function readPlan(store: Store): Promise<CheckedOptions | undefined> {
  const plan = await store.get(KEY);
  try {
    return checkOptions(plan as OutcryOptions, 'sdk-browser');
  } catch {
    return undefined;
  }
}
