import { awaitPush } from './await-push.js';
import type { PushMemory } from './await-push.js';
import { pullExposition } from './pull-exposition.js';
import type { ExpositionMemory, PullDeps } from './pull-exposition.js';
import { pullPrometheus } from './pull-prometheus.js';
import type { PrometheusMemory } from './pull-prometheus.js';
import { isExposition, isPrometheus } from './source.js';
import type { ServerMetricsSource } from './source.js';

/** What looks at one source: reads it, or sees whether it is pushed. It resolves with what is wrong in plain words, or null, and never rejects. */
export function makePull(source: ServerMetricsSource, deps: PullDeps): () => Promise<string | null> {
  if (isExposition(source)) {
    const memory: ExpositionMemory = {};
    return () => pullExposition(source, deps, memory);
  }
  if (isPrometheus(source)) {
    const memory: PrometheusMemory = {};
    return () => pullPrometheus(source, deps, memory);
  }
  const memory: PushMemory = {};
  return () => awaitPush(source, deps, memory);
}
