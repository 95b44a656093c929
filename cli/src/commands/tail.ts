import { createStorageClient } from '@outcry/storage';
import { reportWords } from 'outcry-example-shop/words';
import { COMMON_HELP, COMMON_OPTIONS, readArguments, UsageError, type Command } from '../command.js';
import { loadForCommand } from '../load-for-command.js';
import { followDevReports } from '../services/dev-reports.js';
import { findStorage } from '../services/storage.js';
import { stopSignal } from '../stop-signal.js';

export const tail: Command = {
  name: 'tail',
  summary: 'print the reports of development projects as they arrive',
  help: `outcry tail [--project NAME] [--since MINUTES] [--json]

Prints each report of a development project (stage "development") as it arrives, until Ctrl-C. Reports of other projects are never
shown one by one.

  --project NAME    only this project
  --since MINUTES   begin with the reports of the last minutes, at most 1440 (default: 0)
  --json            one JSON object a line
${COMMON_HELP}`,
  async run(args, around) {
    const values = readArguments(args, {
      ...COMMON_OPTIONS,
      project: { type: 'string' },
      since: { type: 'string' },
      json: { type: 'boolean' },
    });
    const sinceMinutes = Number(values.since ?? '0');
    if (!Number.isFinite(sinceMinutes) || sinceMinutes < 0 || sinceMinutes > 1440) {
      throw new UsageError(`--since must be a number of minutes between 0 and 1440 (it is "${values.since ?? ''}")`);
    }
    const { config } = loadForCommand(values, around);
    const { project } = values;
    if (project !== undefined && config.projects[project]?.stage !== 'development') {
      throw new UsageError(`--project must name a development project (it is "${project}")`);
    }
    const client = createStorageClient(findStorage(config));
    const stop = new AbortController();
    void stopSignal().then(() => stop.abort());
    try {
      const sinceMs = Math.round(Date.now() - sinceMinutes * 60_000);
      await followDevReports(client, { project, sinceMs, signal: stop.signal }, (report) =>
        around.out(
          values.json
            ? JSON.stringify(report)
            : `${report.received_at}  ${report.project}  ${reportWords(report)}  network ${report.network}, collector ${report.collector}`,
        ),
      );
      return 0;
    } finally {
      await client.close();
    }
  },
};
