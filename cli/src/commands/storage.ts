import { isIP } from 'node:net';
import { COMMON_HELP, COMMON_OPTIONS, readArguments, UsageError, type Command } from '../command.js';
import { prepareDataDir } from '../data-dir.js';
import { loadForCommand } from '../load-for-command.js';
import { openStorage } from '../services/storage.js';
import { stopSignal } from '../stop-signal.js';

function parseListen(text: string): { host: string; port: number } {
  const [, host = '', port = ''] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
  if (isIP(host) !== 4 || !host.startsWith('127.') || Number(port) > 65_535) {
    throw new UsageError(`--listen must be a loopback address and a port, such as 127.0.0.1:8123 (it is "${text}")`);
  }
  return { host, port: Number(port) };
}

export const storage: Command = {
  name: 'storage',
  summary: 'the embedded storage alone, or the schema of a server',
  help: `outcry storage [--listen 127.0.0.1:PORT] [--migrate]

Runs the embedded ClickHouse engine on the data directory, schema up to date, until Ctrl-C. Without --listen it answers on a Unix socket
in the data directory, where collector, analyzer and tail find it; it speaks ClickHouse's HTTP interface.

  --listen ADDRESS  answer on a loopback address and port instead (0: a free one)
  --migrate         only bring the schema up to date (of storage.url, or of the embedded engine), then end
${COMMON_HELP}`,
  async run(args, around) {
    const values = readArguments(args, { ...COMMON_OPTIONS, listen: { type: 'string' }, migrate: { type: 'boolean' } });
    const listen = values.listen === undefined ? undefined : parseListen(values.listen);
    const { config } = loadForCommand(values, around);
    prepareDataDir(config.data_dir, around.err);
    const stopped = stopSignal();
    const opened = await openStorage(config, { log: around.err, ...(listen && { listen }) });
    try {
      around.out(`storage    ${opened.where}${listen ? ` on ${opened.connection.url}` : ''}`);
      if (values.migrate || config.storage.url !== undefined) return 0;
      await stopped;
      return 0;
    } finally {
      await opened.close();
    }
  },
};
