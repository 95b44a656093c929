/** Options as the agent works with them: checked, in lower case, with defaults. */
import type { OutcryOptions, Receipt, ConsentState } from './types.js';

export interface CheckedOptions {
  readonly project: string;
  readonly release: string;
  readonly hosts: readonly string[];
  readonly collectors: readonly string[];
  readonly witnesses: readonly string[];
  readonly landmarks: Readonly<Record<string, readonly string[]>>;
  readonly recipientKey: Uint8Array;
  readonly consent: ConsentState;
  readonly receipt: Receipt | undefined;
  readonly routes: readonly (readonly [pattern: string, match: RegExp])[];
  readonly count4xx: boolean;
  readonly samplePpm: number;
  readonly panelPpm: number;
  readonly maxBytesPerDay: number;
  readonly beforeSend: OutcryOptions['beforeSend'];
  readonly debug: boolean;
  readonly store: string | undefined;
}

export declare function checkOptions(options: OutcryOptions, source: 'sdk-browser' | 'sdk-node'): CheckedOptions;
