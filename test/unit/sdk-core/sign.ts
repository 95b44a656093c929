/** Signed configurations for tests, made as the command makes them. */
import { makeConfigKey, signConfig } from '../../../cli/src/agent-config.js';
import type { AgentConfig } from '@outcry/protocol';

export const CONFIG_KEY = makeConfigKey();
export const OTHER_KEY = makeConfigKey();

/** A configuration that holds for a day around `nowMs`. */
export function configAt(nowMs: number, version: number, more: Partial<AgentConfig> = {}): AgentConfig {
  const nowS = Math.floor(nowMs / 1_000);
  return { format: 1, project: 'shop', version, not_before: nowS - 3_600, not_after: nowS + 86_400, ...more };
}

/** What a collector would serve. */
export const signed = (config: AgentConfig, key = CONFIG_KEY): string => JSON.stringify(signConfig(config, key));
