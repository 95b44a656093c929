import { ATTEMPT_FIELDS, CONSENT_FIELDS, CONTEXT_FIELDS, DELIVERY_FIELDS, FAILURE_FIELDS, LOSS_FIELDS } from '@outcry/protocol';
import type { CheckedOptions } from './check-options.js';
import { contextOf } from './context.js';
import type { Platform } from './platform.js';
import type { ConsentState, Preview, PreviewBody } from './types.js';

const names = (table: readonly { readonly name: string }[]): string[] => table.map(({ name }) => name);

/** Every origin the agent may contact; `stun:` and `turns:` landmarks as they were given. */
function receiversOf({ collectors, witnesses, landmarks, nel }: CheckedOptions): string[] {
  const origins = [...witnesses, ...Object.values(landmarks).flat()].map((url) => (/^https?:/.test(url) ? new URL(url).origin : url));
  return [...new Set([...collectors, ...origins, ...nel])];
}

/** What the next envelope holds when nothing was recorded. */
export function emptyBody(options: CheckedOptions, platform: Platform): PreviewBody {
  return { context: contextOf(options, platform, undefined), failures: [], attempts: [], deliveries: [], losses: [], consents: [] };
}

/** What would be sent and to whom, as plain data that the app may show and change. Never throws. */
export function previewOf(options: CheckedOptions, consent: ConsentState, next: PreviewBody): Preview {
  const receivers = receiversOf(options);
  return {
    consent,
    receivers,
    nel: [...options.nel],
    csp: `connect-src ${receivers.filter((url) => url.includes('://')).join(' ')}`,
    fields: {
      context: names(CONTEXT_FIELDS),
      failures: names(FAILURE_FIELDS),
      attempts: names(ATTEMPT_FIELDS),
      deliveries: names(DELIVERY_FIELDS),
      losses: names(LOSS_FIELDS),
      consents: names(CONSENT_FIELDS),
    },
    next: structuredClone(next),
  };
}
