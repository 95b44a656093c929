/** An error in the shape of ClickHouse's own, so that the client makes a `ClickHouseError` of it. */
export class FrontError extends Error {
  readonly code: number;

  constructor(code: number, type: string, detail: string) {
    super(`Code: ${code}. DB::Exception: ${detail}. (${type})`);
    this.name = 'FrontError';
    this.code = code;
  }
}

const CODE = /Code: (\d+)\. DB::Exception/;
const STATUS_OF_CODE: Readonly<Record<number, number>> = {
  48: 501,
  60: 404,
  81: 404,
  115: 400,
  62: 400,
  159: 408,
  202: 503,
  241: 500,
  516: 403,
};

/** The code of ClickHouse in an error message, or undefined where the engine did not speak. */
export function codeOf(message: string): number | undefined {
  const code = CODE.exec(message)?.[1];
  return code === undefined ? undefined : Number(code);
}

/** The HTTP status for a code: what ClickHouse's own HTTP interface answers for the codes that clients tell apart, else 500. */
export function statusOf(code: number | undefined): number {
  return code === undefined ? 503 : (STATUS_OF_CODE[code] ?? 500);
}
