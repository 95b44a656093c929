import { join } from 'node:path';
import type { Config } from '../config/schema.js';

/** Where collectors of this configuration look for what agents are told, one file per project. */
export const agentConfigDirOf = ({ collector, data_dir: dataDir }: Config): string =>
  collector.agent_config_dir ?? join(dataDir, 'agent-config');
