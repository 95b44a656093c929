import { DAY_MS } from '@outcry/protocol';
import type { Consent } from '@outcry/protocol';
import type { Receipt } from './types.js';

/** The record that a consent was given. Never throws. */
export function consentRecord({ text, textHash, method, at }: Receipt): Consent {
  return { text, text_hash: textHash, method, granted_day: Math.min(Math.floor(Date.parse(at) / DAY_MS), 65_535) };
}

/** What remembers that a record was told. It knows the day only, as the kept decision does. */
export const consentMark = (consent: Consent): string => Object.values(consent).join(' ');
