/** Reads the output of `strace -f -y -xx`. */

export interface Call {
  readonly pid: number;
  readonly name: string;
  /** What its first argument's descriptor stands for: a path, or `socket:[…]`. */
  readonly file: string;
  /** All bytes of its arguments, as latin1. */
  data: string;
  /** Lines of the trace on which it began and ended. */
  readonly begun: number;
  ended: number;
}

const unescape = (text: string): string => text.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));

/** The calls of a trace in the order of their beginning. Data read is known only at the end of a call, and added then. */
export function readTrace(text: string): Call[] {
  const calls: Call[] = [];
  const unfinished = new Map<string, Call>();
  text.split('\n').forEach((line, at) => {
    const begin = /^(\d+) +(\w+)\(\d+<([^>]*)>/.exec(line);
    if (begin !== null) {
      const [, pid = '', name = '', file = ''] = begin;
      const isWhole = !line.endsWith('<unfinished ...>');
      const call: Call = { pid: Number(pid), name, file: unescape(file), data: bytesOf(line), begun: at, ended: isWhole ? at : Infinity };
      calls.push(call);
      if (!isWhole) unfinished.set(`${pid} ${name}`, call);
      return;
    }
    const end = /^(\d+) +<\.\.\. (\w+) resumed>/.exec(line);
    const call = end === null ? undefined : unfinished.get(`${end[1] ?? ''} ${end[2] ?? ''}`);
    if (call === undefined) return;
    call.ended = at;
    call.data += bytesOf(line);
    unfinished.delete(`${end?.[1] ?? ''} ${end?.[2] ?? ''}`);
  });
  return calls;
}

/** The bytes of all strings of a line. */
function bytesOf(line: string): string {
  return [...line.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, bytes = '']) => unescape(bytes)).join('');
}
