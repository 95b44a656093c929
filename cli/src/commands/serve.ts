import { COMMON_HELP, COMMON_OPTIONS, readArguments, type Command } from '../command.js';
import { prepareDataDir } from '../data-dir.js';
import { loadForCommand } from '../load-for-command.js';
import { checkPorts } from '../ports.js';
import { loadKeys } from '../recipient-keys.js';
import { startAnalyzerProcess } from '../services/analyzer.js';
import { startCollectorProcess, stopGraceMs } from '../services/collectors.js';
import { makeStack, Stopped } from '../services/stack.js';
import { openStorage } from '../services/storage.js';
import { urlOf } from '../services/url-of.js';
import { stopSignal } from '../stop-signal.js';

export const serve: Command = {
  name: 'serve',
  summary: 'collector, analyzer and embedded storage on this machine',
  help: `outcry serve

Runs a collector, the analyzer and the embedded storage, each in a process of its own; one that ends by itself is started
again. Makes a recipient key on its first start. Logs go to stderr as JSON lines. Ctrl-C stops everything.

${COMMON_HELP}`,
  async run(args, around) {
    const { config, file } = loadForCommand(readArguments(args, COMMON_OPTIONS), around);
    const { collector, analyzer } = config;
    prepareDataDir(config.data_dir, around.err);
    await checkPorts([
      { host: collector.host, port: collector.port, setting: 'collector.port, OUTCRY_COLLECTOR_PORT' },
      { host: analyzer.host, port: analyzer.port, setting: 'analyzer.port, OUTCRY_ANALYZER_PORT' },
    ]);
    const keys = loadKeys(config, { make: true });
    const say = around.out;
    const stopped = stopSignal();
    const stack = makeStack(stopped, say);
    try {
      const projects = Object.keys(config.projects).join(', ');
      say(
        file === undefined
          ? `settings   none here: taking the projects of the demo (${projects})`
          : `settings   ${file} (projects ${projects})`,
      );
      const storage = await stack.add(1, 'storage', openStorage(config, { log: around.err }), (opened) => opened.close());
      say(`storage    ${storage.where}`);
      const surroundings = { storage: storage.connection, say };
      const collecting = await stack.add(2, 'collector', startCollectorProcess(config, collector, keys, surroundings), (child) =>
        child.stop(stopGraceMs(config)),
      );
      say(`collector  ${urlOf(collecting.facts)}   recipientKey ${keys[0]?.publicKey ?? ''}`);
      const analyzing = await stack.add(3, 'analyzer', startAnalyzerProcess(config, surroundings), (child) => child.stop());
      say(`analyzer   ${urlOf(analyzing.facts)}   (spikes: ${urlOf(analyzing.facts)}/api/v1/spikes)`);
      say('Ctrl-C stops');
      await stopped;
      say('stopping');
      return 0;
    } catch (error) {
      if (error instanceof Stopped) return 0;
      throw error;
    } finally {
      await stack.stop();
    }
  },
};
