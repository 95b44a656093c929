/** One request's work: gather the statement and its data, run them in the engine, stop them when the client goes away. */
import { randomBytes } from 'node:crypto';
import type { Engine, EngineAnswer } from './engine.js';
import type { Gate } from './gate.js';
import { insertFromFile, splitInsert, type InsertStatement } from './insert-statement.js';
import type { EngineRequest } from './request.js';
import { bounded, type Spool } from './spool.js';

/** A statement that is not an INSERT of data is held in memory whole. */
export const MAX_STATEMENT_BYTES = 16 * 1024 * 1024;
/** A kill that comes before the engine has registered the query finds nothing, so it is repeated until the query has ended. */
const KILL_EVERY_MS = 100;

export interface Executor {
  readonly engine: Engine;
  readonly gate: Gate;
  readonly spool: Spool;
}

/**
 * Runs a request.
 *
 * @param body - The decoded body: the statement where `?query=` is missing, else its data or its rest.
 * @param signal - Fires when the client went away; the query is then killed and the promise rejects with code 394.
 * Rejects with FrontError or with the engine's own message.
 */
export async function execute(
  executor: Executor,
  request: EngineRequest,
  body: AsyncIterable<Buffer>,
  signal: AbortSignal,
): Promise<EngineAnswer> {
  const { engine, gate, spool } = executor;
  const runInsert = (statement: InsertStatement, rest: AsyncIterable<Buffer>) =>
    spool.withFile(concat(statement.inlineData, rest), (fileName) =>
      gate.enter(() => killable(engine, signal, (mark) => engine.insert(insertFromFile(statement, fileName), request, mark)), signal),
    );
  const fromUrl = request.query === undefined ? null : splitInsert(request.query);
  if (fromUrl !== null) return runInsert(fromUrl, body);
  const text = await textOf(body);
  const sql = request.query === undefined ? text : `${request.query}\n${text}`;
  const statement = splitInsert(sql);
  if (statement !== null) return runInsert(statement, nothing());
  const isInsert = /^\s*INSERT\b/i.test(sql);
  return gate.enter(
    () => killable(engine, signal, (mark) => (isInsert ? engine.insert(sql, request, mark) : engine.run(sql, request, mark))),
    signal,
  );
}

async function killable<T>(engine: Engine, signal: AbortSignal, run: (mark: string) => Promise<T>): Promise<T> {
  const mark = randomBytes(12).toString('hex');
  let timer: NodeJS.Timeout | undefined;
  const kill = () => {
    void engine.kill(mark).catch(() => undefined);
    timer = setTimeout(kill, KILL_EVERY_MS);
  };
  signal.addEventListener('abort', kill, { once: true });
  try {
    return await run(mark);
  } finally {
    signal.removeEventListener('abort', kill);
    clearTimeout(timer);
  }
}

async function textOf(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of bounded(body, MAX_STATEMENT_BYTES)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

async function* concat(head: string, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  if (head !== '') yield Buffer.from(head, 'utf8');
  yield* rest;
}

async function* nothing(): AsyncGenerator<Buffer> {
  // An empty body.
}
