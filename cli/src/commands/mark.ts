import { COMMON_HELP, COMMON_OPTIONS, readArguments, UsageError, type Command } from '../command.js';
import { loadForCommand } from '../load-for-command.js';

const TIMEOUT_MS = 10_000;

export const mark: Command = {
  name: 'mark',
  summary: 'note a deploy or another event beside the spikes',
  help: `outcry mark deploy --project NAME [--release R] [--host H] [--title TEXT] [--at TIME] [--json]

Tells the analyzer of a deploy (or another event: any word of lower-case letters in place of "deploy"). It is shown on the pages of
spikes that begin in the half hour after it. The same event told again within five minutes is one.

  --project NAME    the project
  --release R       the release that came into service
  --host H          the host, where it concerns one only
  --title TEXT      what happened, at most 200 characters
  --at TIME         when, in RFC 3339 (default: now)
  --analyzer URL    the analyzer (default: analyzer.host and analyzer.port of the settings)
  --json            print what was stored as JSON
${COMMON_HELP}`,
  async run(args, around) {
    const [first = ''] = args;
    const isKind = !first.startsWith('-');
    const values = readArguments(isKind ? args.slice(1) : args, {
      ...COMMON_OPTIONS,
      project: { type: 'string' },
      release: { type: 'string' },
      host: { type: 'string' },
      title: { type: 'string' },
      at: { type: 'string' },
      analyzer: { type: 'string' },
      json: { type: 'boolean' },
    });
    if (!isKind || !/^[a-z][a-z0-9_-]{0,39}$/.test(first))
      throw new UsageError('the first argument must say what happened, such as "deploy"');
    const { project, release, host, title, at: time } = values;
    if (project === undefined) throw new UsageError('--project is missing');
    const { config } = loadForCommand(values, around);
    const shown = config.analyzer.host.includes(':') ? `[${config.analyzer.host}]` : config.analyzer.host;
    const base = values.analyzer ?? `http://${shown}:${config.analyzer.port}`;
    const marker = Object.fromEntries(
      Object.entries({ project, kind: first, release, host, title, time }).filter(([, value]) => value !== undefined),
    );
    let answer: Response;
    try {
      answer = await fetch(new URL('/api/v1/markers', base), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(marker),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch {
      around.err(`outcry mark: the analyzer at ${base} does not answer`);
      return 1;
    }
    const body = (await answer.json().catch(() => ({}))) as { code?: string; detail?: string; time?: string };
    if (answer.status !== 201) {
      around.err(`outcry mark: ${body.code ?? `status ${answer.status}`}${body.detail === undefined ? '' : `: ${body.detail}`}`);
      return 1;
    }
    around.out(
      values.json === true
        ? JSON.stringify(body)
        : `noted: ${first} of ${project}${release === undefined ? '' : ` ${release}`} at ${body.time ?? ''}`,
    );
    return 0;
  },
};
