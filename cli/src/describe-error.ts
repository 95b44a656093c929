/** From anything thrown to the one line that the command prints. */
import { ERRORS, OutcryError, type ErrorCode } from '@outcry/protocol';

export interface ErrorLine {
  /** A code of the error table, or `internal_error`. */
  readonly code: string;
  /** One sentence, without the code. */
  readonly message: string;
}

const isCode = (code: unknown): code is ErrorCode => typeof code === 'string' && code in ERRORS;

/** An error whose sentence was already made in the process where it happened. */
class ToldError extends OutcryError {
  constructor(code: ErrorCode, sentence: string) {
    super(code);
    this.message = sentence;
  }
}

function systemError(error: NodeJS.ErrnoException & { address?: string; port?: number }): ErrorLine | undefined {
  if (error.syscall === 'connect') {
    // Commands connect to nothing but storage.
    const { address = 'its address', code = 'unknown' } = error;
    return {
      code: 'OUTCRY_STORAGE_UNREACHABLE',
      message: `nothing answers at ${address} (${code}). ${ERRORS.OUTCRY_STORAGE_UNREACHABLE.remedy}`,
    };
  }
  const at = error.port === undefined ? '' : ` ${error.address ?? ''}:${error.port}`;
  switch (error.code) {
    case 'EADDRINUSE':
      return { code: 'OUTCRY_PORT_TAKEN', message: `port${at} is taken by another process. ${ERRORS.OUTCRY_PORT_TAKEN.remedy}` };
    case 'EADDRNOTAVAIL':
      return { code: 'OUTCRY_BAD_CONFIG', message: `this machine has no address${at} to listen on.` };
    case 'EACCES':
      if (error.port !== undefined) return { code: 'OUTCRY_BAD_CONFIG', message: `this user may not listen on port${at}.` };
      return undefined;
    default:
      return undefined;
  }
}

/** The code and the sentence for an error. An error without a code keeps its own message. Never throws. */
export function describeError(error: unknown): ErrorLine {
  if (!(error instanceof Error)) return { code: 'internal_error', message: String(error) };
  if (error instanceof ToldError) return { code: error.code, message: error.message };
  const known = systemError(error);
  if (known) return known;
  const { code } = error as { code?: unknown };
  if (!isCode(code)) return { code: 'internal_error', message: error.message };
  const { title, remedy } = ERRORS[code];
  const detail = error.message === code ? '' : error.message.replace(`${code}: `, '');
  // A detail of one word (a platform, a reason of the system) needs the title to be understood; a longer one speaks for itself.
  const sentence = detail === '' ? title : detail.includes(' ') ? detail : `${title.replace(/\.$/, '')}: ${detail}`;
  return { code, message: `${sentence}${/[.!?]$/.test(sentence) ? '' : '.'} ${remedy}` };
}

/** The line itself: `outcry: CODE: sentence`. */
export function errorLine(error: unknown): string {
  const { code, message } = describeError(error);
  return `outcry: ${code}: ${message.replaceAll('\n', ' ')}`;
}

/** An error of the table as a child process told it. */
export function errorOf(code: string, message: string): Error {
  return isCode(code) ? new ToldError(code, message) : new Error(message);
}
