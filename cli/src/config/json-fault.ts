/** Where a text stops being JSON. The parser's own message quotes what stands there, which may be a password. */

const SPACE = /[ \t\n\r]*/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y; // eslint-disable-line no-control-regex -- JSON names them
const SCALAR = new RegExp(`${STRING.source}|-?(?:0|[1-9]\\d*)(?:\\.\\d+)?(?:[eE][+-]?\\d+)?|true|false|null`, 'y');

/**
 * The place of the first word that is wrong in a text that `JSON.parse` refuses.
 *
 * @returns Line and column, each from 1; the end of the text where it only stops too early. Never throws.
 */
export function jsonFault(text: string): { line: number; column: number } {
  let at = 0;
  const take = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found !== null) at += found[0].length;
    return found !== null;
  };
  const takeMark = (marks: string): string | undefined => {
    take(SPACE);
    const mark = text[at];
    if (mark === undefined || !marks.includes(mark)) return undefined;
    at += 1;
    return mark;
  };
  /** The name of a member with its colon. */
  const takeName = (): boolean => {
    take(SPACE);
    return take(STRING) && takeMark(':') !== undefined;
  };
  // What is open, by the mark that closes it. Not recursive: depth is up to the text.
  const open: string[] = [];
  let isWhole = false;
  while (!isWhole) {
    const begun = takeMark('{[');
    if (begun !== undefined) {
      const end = begun === '{' ? '}' : ']';
      if (takeMark(end) === undefined) {
        open.push(end);
        if (end === '}' && !takeName()) break;
        continue;
      }
    } else if (!take(SCALAR)) break;
    // A value stands: what is open ends, or goes on with a comma.
    let next: string | undefined = ' ';
    while (open.length > 0 && (next = takeMark(`,${open.at(-1) ?? ''}`)) !== undefined && next !== ',') open.pop();
    isWhole = open.length === 0;
    if (!isWhole && (next === undefined || (open.at(-1) === '}' && !takeName()))) break;
  }
  take(SPACE);
  const before = text.slice(0, at).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
