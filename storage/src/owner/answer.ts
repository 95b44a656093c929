/** Writes answers the way ClickHouse's HTTP interface does. */
import type { ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { EngineAnswer } from './engine.js';
import { codeOf, statusOf } from './front-error.js';

const gzipAsync = promisify(gzip);

/** Sends a result with its summary header; compressed when the client asked for it. */
export async function sendAnswer(response: ServerResponse, answer: EngineAnswer, wantsCompression: boolean): Promise<void> {
  const summary = {
    read_rows: String(answer.readRows),
    read_bytes: String(answer.readBytes),
    written_rows: String(answer.writtenRows),
    written_bytes: String(answer.writtenBytes),
    total_rows_to_read: '0',
    result_rows: '0',
    result_bytes: String(answer.bytes.length),
    elapsed_ns: String(Math.round(answer.elapsedS * 1e9)),
  };
  response.setHeader('X-ClickHouse-Summary', JSON.stringify(summary));
  response.setHeader('Content-Type', 'application/octet-stream');
  if (!wantsCompression) {
    response.end(answer.bytes);
    return;
  }
  const packed = await gzipAsync(answer.bytes, { level: 1 });
  response.setHeader('Content-Encoding', 'gzip');
  response.end(packed);
}

/** Sends an error; where the engine spoke, in the form of which the client makes a `ClickHouseError`. */
export function sendError(response: ServerResponse, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  const code = codeOf(message);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.statusCode = statusOf(code);
  if (code !== undefined) response.setHeader('X-ClickHouse-Exception-Code', String(code));
  response.setHeader('Content-Type', 'text/plain; charset=UTF-8');
  response.end(`${message}\n`);
}
