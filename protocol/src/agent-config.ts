/**
 * Configuration from afar: what an operator may tell every agent of a project, signed. It can ask for less, never for more, and never
 * names a receiver that the app did not name itself. Pure; agents verify the signature, the command makes it.
 * Source: docs/reference/wire.md.
 */
import { fromBase64Url, parsePublicKey } from './base64url.js';
import { MAX_UINT, PROJECT_PATTERN } from './fields.js';

/** Of the text that is signed, in characters; all of them ASCII. */
export const MAX_CONFIG_LENGTH = 8_192;
/** The longest time that a configuration may hold. */
export const MAX_CONFIG_S: number = 7 * 86_400;
/** Keeps a signature over a configuration from being one over anything else. */
const DOMAIN = 'outcry-config-v1\0';
const MAX_COLLECTORS = 16;
const PPM = 1_000_000;

/** Members left out leave things as the app has them. Times are seconds since the epoch, shares parts per million. */
export interface AgentConfig {
  readonly format: 1;
  readonly project: string;
  /** 1 to 2^32 − 1. An agent never goes back to a lower one. */
  readonly version: number;
  readonly not_before: number;
  /** At most 7 days after `not_before`; the first second in which it no longer holds. */
  readonly not_after: number;
  /** Record and send nothing. */
  readonly paused?: boolean;
  /** The most of the failures that are reported. */
  readonly reports_ppm?: number;
  /** The most of the devices that tell their attempts. */
  readonly attempts_ppm?: number;
  /** The share of comparisons with witnesses, and of rounds of probes, that are made. */
  readonly probes_ppm?: number;
  /** Origins in this order; those of the app that are not named are left out. */
  readonly collectors?: readonly string[];
  /** Seal for this recipient key from then on. */
  readonly next_key?: { readonly key: string; readonly from: number };
}

/** What a collector serves: the very text that is signed, and the signature in base64url. */
export interface SignedConfig {
  readonly config: string;
  readonly signature: string;
}

type Tree = Readonly<Record<string, unknown>>;
const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);
const isUint = (value: unknown, max = MAX_UINT, min = 0): value is number =>
  Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
const isKey = (value: unknown): boolean => {
  try {
    return parsePublicKey(value).length === 32;
  } catch {
    return false;
  }
};

function isOrigin(value: unknown): boolean {
  try {
    return typeof value === 'string' && new URL(value).origin === value;
  } catch {
    return false;
  }
}

const OPTIONAL: Readonly<Record<string, (value: unknown) => boolean>> = {
  paused: (value) => typeof value === 'boolean',
  reports_ppm: (value) => isUint(value, PPM),
  attempts_ppm: (value) => isUint(value, PPM),
  probes_ppm: (value) => isUint(value, PPM),
  collectors: (value) => Array.isArray(value) && value.length > 0 && value.length <= MAX_COLLECTORS && value.every(isOrigin),
  next_key: (value) => isTree(value) && isKey(value['key']) && isUint(value['from']),
};

/** What is wrong with a configuration, by the name of its first wrong member; undefined when nothing is. Members of a later time are no fault. */
export function faultOf(value: unknown): string | undefined {
  if (!isTree(value)) return 'config';
  const { format, project, version, not_before: from, not_after: until } = value;
  if (format !== 1) return 'format';
  if (typeof project !== 'string' || !PROJECT_PATTERN.test(project)) return 'project';
  if (!isUint(version, MAX_UINT, 1)) return 'version';
  if (!isUint(from)) return 'not_before';
  if (!isUint(until) || until <= from || until - from > MAX_CONFIG_S) return 'not_after';
  return Object.keys(OPTIONAL).find((name) => value[name] !== undefined && !OPTIONAL[name]?.(value[name]));
}

/**
 * Reads the text of a configuration. Only its one canonical spelling is taken: what `JSON.stringify` makes of it, in ASCII.
 *
 * @returns undefined for anything else, also of too many characters. Never throws.
 */
export function parseConfig(text: string): AgentConfig | undefined {
  if (text.length > MAX_CONFIG_LENGTH || !/^[ -~]*$/.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return JSON.stringify(value) === text && faultOf(value) === undefined ? (value as AgentConfig) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Reads what a collector serves, its signature not yet verified.
 *
 * @returns undefined when it is nothing of the kind. Never throws.
 */
export function parseSignedConfig(document: string): { text: string; signature: Uint8Array<ArrayBuffer>; config: AgentConfig } | undefined {
  try {
    const { config: text, signature } = JSON.parse(document) as Partial<Record<keyof SignedConfig, unknown>>;
    if (typeof text !== 'string' || typeof signature !== 'string' || signature.length !== 86) return undefined;
    const config = parseConfig(text);
    return config && { text, signature: fromBase64Url(signature), config };
  } catch {
    return undefined;
  }
}

/** The bytes that are signed with Ed25519 (RFC 8032). */
export function configMessage(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(DOMAIN + text, (character) => character.charCodeAt(0));
}

/** Whether a configuration holds at a time in ms since the epoch. */
export function holdsAt({ not_before: from, not_after: until }: AgentConfig, nowMs: number): boolean {
  return nowMs >= from * 1_000 && nowMs < until * 1_000;
}
