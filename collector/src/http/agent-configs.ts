/**
 * The signed configuration that agents of a project ask for: one file per project, put there by the operator. The collector cannot
 * make one, and holds no key to check one with; it looks only whether the file is what agents expect.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MAX_CONFIG_LENGTH, parseSignedConfig } from '@outcry/protocol';
import type { Log } from '../log.js';

/** The document of a project, or undefined where there is none. Never rejects. */
export type AgentConfigs = (project: string) => Promise<string | undefined>;

interface Read {
  readonly mark: string;
  readonly document: string | undefined;
}

/** The text twice over, since it stands in JSON escaped, and its signature. */
const MAX_FILE_BYTES = 2 * MAX_CONFIG_LENGTH + 256;

/**
 * @param directory - Holds `<project>.json`; need not exist. A file is read again when it changed.
 * @param isKnown - Names that may be looked for; nothing that a client sends becomes a path otherwise.
 */
export function agentConfigs(directory: string, isKnown: (project: string) => boolean, log: Log): AgentConfigs {
  const files = new Map<string, Read>();

  async function read(project: string): Promise<string | undefined> {
    const path = join(directory, `${project}.json`);
    const { mtimeMs, size, ino } = await stat(path);
    const mark = `${mtimeMs} ${size} ${ino}`;
    const before = files.get(project);
    if (before?.mark === mark) return before.document;
    const text = size <= MAX_FILE_BYTES ? (await readFile(path, 'utf8')).trim() : '';
    const document = parseSignedConfig(text)?.config.project === project ? text : undefined;
    if (document === undefined) log({ level: 'warn', message: 'the agent configuration is none, or of another project', project });
    files.set(project, { mark, document });
    return document;
  }

  return (project) => (isKnown(project) ? read(project).catch(() => undefined) : Promise.resolve(undefined));
}
