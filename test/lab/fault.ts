/** What a fault of the lab is: how it is made, what is true of it, and how much a client can know. */
import { kindOf, phaseOf } from '@outcry/protocol';
import type { Kind, Phase, Stage } from '@outcry/protocol';
import type { Zone } from './elsewhere.js';
import { BROWSERS, isBrowser } from './engine.js';
import type { Client, Engine, Request } from './engine.js';
import type { Mode } from './modes.js';
import type { Filter, Link } from './network.js';
import type { Answer } from './resolver.js';

/** What differs from a healthy world. */
export interface State {
  readonly resolver?: Answer;
  readonly zone?: Zone;
  readonly service?: Mode;
  readonly filter?: Filter;
  readonly link?: Link;
}

/** What really happened; null where nothing happened that is worth a report. */
export type Truth = { readonly type: string; readonly stage: Stage; readonly phase: Phase; readonly kind: Kind } | null;

/** How much an engine can know of it at best: the type, only the kind, or nothing. */
export type Knowable = 'type' | 'kind' | 'nothing';

export interface Fault {
  readonly name: string;
  readonly words: string;
  readonly state: State;
  readonly truth: Truth;
  /** Types that say the same, or are as true from where the client stands. */
  readonly also: readonly string[];
  /** A kind that is as true. */
  readonly alsoKind?: Kind;
  /** What the service does while the client gets to know it. */
  readonly warm: Mode;
  /** By chance, or by the engine's own means, the request may succeed after all. */
  readonly mayPass: boolean;
  /** It is over before anything can be asked; then `unknown` is no false alarm. */
  readonly isOver: boolean;
  /** Nothing comes back, so that clients can wait side by side. */
  readonly isSilent: boolean;
  readonly node: Knowable;
  readonly chromium: Knowable;
  readonly firefox: Knowable;
  readonly webkit: Knowable;
  /** In pages without landmarks. */
  readonly alone: Knowable;
  /** Engines that cannot have it are left out. */
  readonly engines: readonly Engine[];
  readonly request: Request;
}

type Details = Partial<Omit<Fault, 'name' | 'words' | 'state' | 'truth' | 'request'>> & { readonly request?: Partial<Request> };

/** Longer than undici's 10 s and Chromium's 13 s for a silent resolver. */
const LIMIT_MS = 15_000;
const NODE: readonly Engine[] = ['node-fetch', 'node-https'];
const PAGES: readonly Engine[] = BROWSERS;
const ALL: readonly Engine[] = [...NODE, ...PAGES];
export const IN_PAGES = { engines: PAGES };
/** WebKitGTK has one page for each session of its driver: none can be closed or hidden by another; and no extensions that block. */
export const IN_TABS = { engines: PAGES.filter((engine) => engine !== 'webkit') };
/** Without a landmark, one silence is like another. */
export const SILENT: Details = { isSilent: true, alone: 'nothing' };
const REQUEST: Request = {
  path: '/v1/cart',
  scheme: 'https',
  by: 'fetch',
  preflight: false,
  limitMs: LIMIT_MS,
  meanwhile: 'nothing',
  before: 'success',
  page: '/',
  blocker: false,
};
const DETAILS = {
  also: [],
  warm: 'healthy',
  mayPass: false,
  isOver: false,
  isSilent: false,
  node: 'type',
  chromium: 'kind',
  firefox: 'kind',
  webkit: 'kind',
  alone: 'kind',
  engines: ALL,
} as const;

export function truly(type: string, stage: Stage): Truth {
  return { type, stage, phase: phaseOf(type, stage), kind: kindOf(type, stage) };
}

export function fault(name: string, words: string, state: State, truth: Truth, details: Details = {}): Fault {
  return { name, words, state, truth, ...DETAILS, ...details, request: { ...REQUEST, ...details.request } };
}

/** How much the client can know of the fault at best. */
export function knowable({ engine, landmarks }: Client, fault: Fault): Knowable {
  if (!isBrowser(engine)) return fault.node;
  return landmarks === 'none' && fault.alone === 'nothing' ? 'nothing' : fault[engine];
}

/** Nothing that the service is to blame for. */
export const isNoOutage = ({ truth }: Fault): boolean => !truth || truth.kind === 'cors' || truth.kind === 'blocked';
