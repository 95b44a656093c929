/**
 * The script tag's entry. A classic script cannot split chunks: all is here, except for the fallback, which is a second script,
 * `outcry-fallback.iife.js`.
 */
import { makeInit } from './init.js';
import type { Init } from './init.js';
import * as recording from './recording.js';

type Fallback = typeof import('./fallback.js');

export const init: Init = makeInit({
  recording: () => Promise.resolve(recording),
  nacl() {
    const { outcryFallback } = globalThis as { outcryFallback?: Fallback };
    return outcryFallback ? Promise.resolve(outcryFallback) : Promise.reject(new Error('outcry-fallback.iife.js is not loaded'));
  },
});
