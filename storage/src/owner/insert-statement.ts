/**
 * Finds where the data of an INSERT belongs. The embedded engine ends inline data at the first blank line and runs what follows as SQL,
 * so data never goes inline: it is written to a file and the statement is changed to read that file.
 */

export interface InsertStatement {
  /** The statement up to where `FROM INFILE` belongs. */
  readonly head: string;
  /** `SETTINGS …`, or ''. */
  readonly settings: string;
  readonly format: string;
  /** Data that stood in the statement itself, after `FORMAT x` or `VALUES`. */
  readonly inlineData: string;
}

const SPACE = /\s/;
const WORD_START = /[A-Za-z_]/;
const WORD = /\w+/y;
const FORMAT_NAME = /\s*([A-Za-z][A-Za-z0-9]*)[ \t]*;?(\r?\n|\s|$)/y;

/**
 * Splits an INSERT that carries its data with it.
 *
 * @returns null for every other statement: SELECT, DDL, `INSERT … SELECT`, `INSERT … FROM INFILE`.
 * Never throws; what it does not understand is left to the engine to refuse.
 */
export function splitInsert(sql: string): InsertStatement | null {
  let settingsAt: number | undefined;
  let isFirst = true;
  for (const { word, start, end } of topLevelWords(sql)) {
    if (isFirst && word !== 'INSERT') return null;
    isFirst = false;
    if (word === 'SELECT' || word === 'WITH' || word === 'WATCH' || word === 'INFILE') return null;
    if (word === 'SETTINGS') settingsAt ??= start;
    if (word !== 'VALUES' && word !== 'FORMAT') continue;
    const head = sql.slice(0, settingsAt ?? start);
    const settings = settingsAt === undefined ? '' : sql.slice(settingsAt, start);
    if (word === 'VALUES') return { head, settings, format: 'Values', inlineData: sql.slice(end) };
    FORMAT_NAME.lastIndex = end;
    const [matched, format] = FORMAT_NAME.exec(sql) ?? [];
    return matched === undefined || format === undefined ? null : { head, settings, format, inlineData: sql.slice(end + matched.length) };
  }
  return null;
}

/**
 * The statement that reads the data from a file.
 *
 * @param fileName - A name of our own making in the engine's working directory: no quotes, no wildcards.
 */
export function insertFromFile(statement: InsertStatement, fileName: string): string {
  const { head, settings, format } = statement;
  return `${head} FROM INFILE '${fileName}' COMPRESSION 'none' ${settings} FORMAT ${format}`;
}

interface Word {
  /** In upper case. */
  readonly word: string;
  readonly start: number;
  readonly end: number;
}

/** The bare words outside of quotes, comments and brackets, in their order. */
function* topLevelWords(sql: string): Generator<Word> {
  let depth = 0;
  let at = 0;
  while (at < sql.length) {
    const char = sql.charAt(at);
    if (char === "'" || char === '"' || char === '`') at = endOfQuoted(sql, at, char);
    else if (sql.startsWith('--', at)) at = endOf(sql, '\n', at);
    else if (sql.startsWith('/*', at)) at = endOf(sql, '*/', at);
    else if (WORD_START.test(char)) {
      WORD.lastIndex = at;
      const [word = char] = WORD.exec(sql) ?? [];
      if (depth === 0) yield { word: word.toUpperCase(), start: at, end: at + word.length };
      at += word.length;
    } else {
      if (char === '(' || char === '[') depth += 1;
      else if (char === ')' || char === ']') depth -= 1;
      at += SPACE.test(char) ? 1 : Math.max(1, digitsAt(sql, at));
    }
  }
}

const DIGITS = /\d\w*/y;
function digitsAt(sql: string, at: number): number {
  DIGITS.lastIndex = at;
  return DIGITS.exec(sql)?.[0].length ?? 0;
}

function endOfQuoted(sql: string, start: number, quote: string): number {
  let at = start + 1;
  while (at < sql.length && sql.charAt(at) !== quote) at += sql.charAt(at) === '\\' ? 2 : 1;
  return at + 1;
}

function endOf(sql: string, mark: string, from: number): number {
  const found = sql.indexOf(mark, from);
  return found < 0 ? sql.length : found + mark.length;
}
