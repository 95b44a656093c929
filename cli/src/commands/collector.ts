import { COMMON_HELP, COMMON_OPTIONS, readArguments, type Command } from '../command.js';
import { prepareDataDir } from '../data-dir.js';
import { loadForCommand } from '../load-for-command.js';
import { checkPorts } from '../ports.js';
import { loadKeys } from '../recipient-keys.js';
import { startCollectorProcess, stopGraceMs } from '../services/collectors.js';
import { findStorage } from '../services/storage.js';
import { stopSignal } from '../stop-signal.js';
import { urlOf } from '../services/url-of.js';

export const collector: Command = {
  name: 'collector',
  summary: 'one collector, writing to the storage of the settings',
  help: `outcry collector

Runs one collector. It writes to the ClickHouse server of storage.url, or to the embedded storage that runs on the same data
directory. Needs the recipient key of the project (key_files, or recipient-key.json in the data directory).

${COMMON_HELP}`,
  async run(args, around) {
    const { config } = loadForCommand(readArguments(args, COMMON_OPTIONS), around);
    prepareDataDir(config.data_dir, around.err);
    const { collector: place } = config;
    await checkPorts([{ host: place.host, port: place.port, setting: 'collector.port, OUTCRY_COLLECTOR_PORT' }]);
    const keys = loadKeys(config, { make: false });
    const stopped = stopSignal();
    const running = await startCollectorProcess(config, place, keys, { storage: findStorage(config), say: around.out });
    try {
      around.out(`collector  ${urlOf(running.facts)}`);
      await stopped;
      return 0;
    } finally {
      await running.stop(stopGraceMs(config));
    }
  },
};
