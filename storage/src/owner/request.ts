/** Reads what a ClickHouse HTTP request asks for out of its URL and headers. */
import { FrontError } from './front-error.js';

export interface EngineRequest {
  /** SQL from `?query=`; the body then is data or the rest of the statement. */
  readonly query: string | undefined;
  readonly database: string | undefined;
  /** Format of a result whose statement names none. */
  readonly format: string;
  /** Settings and `param_*`, in the order of the URL. */
  readonly settings: readonly (readonly [name: string, value: string])[];
  readonly queryId: string | undefined;
  readonly wantsCompression: boolean;
}

/** URL parameters of the HTTP interface that are not settings of the engine. */
const NOT_SETTINGS = new Set([
  'query',
  'database',
  'default_format',
  'query_id',
  'user',
  'password',
  'quota_key',
  'enable_http_compression',
  'http_zlib_compression_level',
  'wait_end_of_query',
  'buffer_size',
  'send_progress_in_http_headers',
  'http_headers_progress_interval_ms',
  'http_write_exception_in_output_format',
  'cancel_http_readonly_queries_on_client_close',
  'log_comment',
]);
const REFUSED = new Set(['session_id', 'session_timeout', 'session_check', 'role', 'compress', 'decompress']);
const NAME = /^[A-Za-z_][A-Za-z0-9_.]{0,127}$/;

/**
 * Reads a request's URL.
 *
 * Throws FrontError for parameters that the embedded engine does not have (sessions, roles, native compression) and for malformed names.
 */
export function readRequest(url: URL, acceptEncoding: string | undefined, formatHeader: string | undefined): EngineRequest {
  const settings: [string, string][] = [];
  for (const [name, value] of url.searchParams) {
    if (NOT_SETTINGS.has(name)) continue;
    if (REFUSED.has(name)) throw new FrontError(48, 'NOT_IMPLEMENTED', `${name} is not there in the embedded engine`);
    if (!NAME.test(name)) throw new FrontError(115, 'UNKNOWN_SETTING', 'a setting has a malformed name');
    settings.push([name, value]);
  }
  const format = url.searchParams.get('default_format') ?? formatHeader ?? 'TabSeparated';
  if (!NAME.test(format)) throw new FrontError(73, 'UNKNOWN_FORMAT', 'the format has a malformed name');
  return {
    query: url.searchParams.get('query') ?? undefined,
    database: url.searchParams.get('database') ?? undefined,
    format,
    settings,
    queryId: url.searchParams.get('query_id') ?? undefined,
    wantsCompression: url.searchParams.get('enable_http_compression') === '1' && /\bgzip\b/.test(acceptEncoding ?? ''),
  };
}

/** A string literal of ClickHouse SQL. */
export function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/** One SET statement for a session of its own, with a mark by which a running query can be found and killed. */
export function setStatement(settings: EngineRequest['settings'], mark: string): string {
  return `SET ${[...settings, ['log_comment', mark] as const].map(([name, value]) => `${name} = ${quote(value)}`).join(', ')}`;
}
