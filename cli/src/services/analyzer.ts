import type { Config } from '../config/schema.js';
import type { AnalyzerSettings } from '../processes/analyzer-process.js';
import { supervise, type Supervised } from '../processes/supervise.js';
import { optionsOf } from './analyzer-options.js';
import type { ServiceSurroundings } from './collectors.js';

/** Starts the analyzer as a supervised process. Rejects with its coded error when it cannot start. */
export function startAnalyzerProcess(config: Config, { storage, say, output }: ServiceSurroundings): Promise<Supervised> {
  const settings: AnalyzerSettings = { options: optionsOf(config), storage };
  const module = new URL('../processes/analyzer-process.js', import.meta.url);
  return supervise({ name: 'analyzer', module, settings, say, output });
}
