/** The embedded engine: opened once, asked through a session of its own per query, since settings of a session are never reset. */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { libchdbPath } from 'chdb/libchdb';
import koffi from 'koffi';
import type { Session } from 'chdb';
import { setStatement, type EngineRequest } from './request.js';

export interface EngineAnswer {
  readonly bytes: Uint8Array;
  readonly readRows: number;
  readonly readBytes: number;
  readonly writtenRows: number;
  readonly writtenBytes: number;
  readonly elapsedS: number;
}

export interface Engine {
  readonly version: string;
  /** Runs one statement. `mark` is how `kill` finds it. Rejects with the engine's own message. */
  run(sql: string, request: Pick<EngineRequest, 'settings' | 'database' | 'format'>, mark: string): Promise<EngineAnswer>;
  /** Runs an INSERT, whose written rows only the native entry counts. */
  insert(sql: string, request: Pick<EngineRequest, 'settings' | 'database'>, mark: string): Promise<EngineAnswer>;
  kill(mark: string): Promise<void>;
  killAll(): Promise<void>;
  isAlive(): Promise<void>;
  close(): Promise<void>;
}

/** The part of the native addon that the package's own types leave out. */
interface Addon {
  readonly InsertRawAsyncConnection: (
    connection: unknown,
    sql: string,
    payload: Buffer,
    countLines: boolean,
  ) => Promise<{ elapsed: number; rowsWritten: number; bytesWritten: number }>;
}

const NO_BYTES = new Uint8Array(0);
/** The native entry takes a payload besides the statement; a statement that reads a file has none, and a newline adds nothing. */
const NO_PAYLOAD = Buffer.from('\n');

/**
 * Opens the engine on a directory.
 *
 * Rejects when the directory is locked by another process (the engine then writes `Code: 76` to stderr) or damaged.
 */
export async function openEngine(dataPath: string, configFile: string): Promise<Engine> {
  const library = libchdbPath();
  // Before anything of the engine runs: its handlers for SIGSEGV and SIGABRT sleep for minutes while holding port and lock.
  koffi.load(library).func('void chdb_set_signal_handlers_enabled(int)')(0);
  const { Session, drainPending } = await import('chdb');
  const addon = createRequire(import.meta.url)(dirname(library)) as Addon;
  const control = new Session(dataPath, { connectionArgs: [`--config-file=${configFile}`] });
  const version = (await control.queryAsync('SELECT version()', { format: 'TSVRaw' })).text().trim();

  const inSession = async <T>(
    request: Pick<EngineRequest, 'settings' | 'database'>,
    mark: string,
    work: (session: Session) => Promise<T>,
  ) => {
    const session = new Session(dataPath);
    try {
      await session.queryAsync(setStatement(request.settings, mark));
      if (request.database !== undefined) await session.queryAsync(`USE \`${request.database.replaceAll(/[\\`]/g, '\\$&')}\``);
      return await work(session);
    } finally {
      session.close();
    }
  };
  const ask = async (sql: string): Promise<void> => {
    await control.queryAsync(sql);
  };

  return {
    version,
    run: (sql, request, mark) =>
      inSession(request, mark, async (session) => {
        const result = await session.queryAsync(sql, { format: request.format });
        const { rowsRead, bytesRead, elapsed } = result;
        return { bytes: result.bytes(), readRows: rowsRead, readBytes: bytesRead, writtenRows: 0, writtenBytes: 0, elapsedS: elapsed };
      }),
    insert: (sql, request, mark) =>
      inSession(request, mark, async (session) => {
        const { rowsWritten, bytesWritten, elapsed } = await addon.InsertRawAsyncConnection(session.connection, sql, NO_PAYLOAD, false);
        return { bytes: NO_BYTES, readRows: 0, readBytes: 0, writtenRows: rowsWritten, writtenBytes: bytesWritten, elapsedS: elapsed };
      }),
    kill: (mark) => ask(`KILL QUERY WHERE Settings['log_comment'] = '${mark}' ASYNC`),
    killAll: () => ask('KILL QUERY WHERE query_id != queryID() ASYNC'),
    isAlive: () => ask('SELECT 1'),
    close: async () => {
      control.close();
      await drainPending();
    },
  };
}
