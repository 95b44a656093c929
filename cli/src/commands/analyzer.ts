import { COMMON_HELP, COMMON_OPTIONS, readArguments, type Command } from '../command.js';
import { prepareDataDir } from '../data-dir.js';
import { loadForCommand } from '../load-for-command.js';
import { checkPorts } from '../ports.js';
import { startAnalyzerProcess } from '../services/analyzer.js';
import { findStorage } from '../services/storage.js';
import { stopSignal } from '../stop-signal.js';
import { urlOf } from '../services/url-of.js';

export const analyzer: Command = {
  name: 'analyzer',
  summary: 'finds spikes and shows them, reading the storage of the settings',
  help: `outcry analyzer

Runs the analyzer: detection, its HTTP API and its pages. It reads the ClickHouse server of storage.url, or the embedded storage
that runs on the same data directory. One analyzer per storage.

${COMMON_HELP}`,
  async run(args, around) {
    const { config } = loadForCommand(readArguments(args, COMMON_OPTIONS), around);
    prepareDataDir(config.data_dir, around.err);
    const { host, port } = config.analyzer;
    await checkPorts([{ host, port, setting: 'analyzer.port, OUTCRY_ANALYZER_PORT' }]);
    const stopped = stopSignal();
    const running = await startAnalyzerProcess(config, { storage: findStorage(config), say: around.out });
    try {
      around.out(`analyzer   ${urlOf(running.facts)}`);
      await stopped;
      return 0;
    } finally {
      await running.stop();
    }
  },
};
