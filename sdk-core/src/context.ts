import { CONTEXT_FIELDS } from '@outcry/protocol';
import type { Context } from '@outcry/protocol';
import type { CheckedOptions } from './check-options.js';
import type { Platform } from './platform.js';
import { oneOf } from './one-of.js';
import type { Receipt } from './types.js';
import { DIAGNOSIS_VERSION, SDK_VERSION } from './version.js';

/** What all records of an envelope share. Never throws. */
export function contextOf({ project, release }: CheckedOptions, platform: Platform, receipt: Receipt | undefined): Context {
  return {
    source: platform.source,
    project,
    release,
    runtime: oneOf(CONTEXT_FIELDS, 'runtime', platform.runtime) as Context['runtime'],
    runtime_major: Math.min(Math.max(Math.floor(platform.runtimeMajor), 0) || 0, 9999),
    os: oneOf(CONTEXT_FIELDS, 'os', platform.os) as Context['os'],
    sdk_version: SDK_VERSION,
    diagnosis_version: DIAGNOSIS_VERSION,
    consent_text: receipt?.text ?? 'none',
    consent_method: receipt?.method ?? 'other',
  };
}
