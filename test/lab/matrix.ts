/** The printed matrix: what each engine said of each fault, and the counts. Pure. */
import type { Engine, Seen } from './engine.js';
import { knowable } from './faults.js';
import type { Fault } from './faults.js';
import { GRADES } from './judge.js';
import type { Judged } from './judge.js';

export interface Row {
  readonly fault: Fault;
  readonly engine: Engine;
  readonly seen: Seen;
  readonly judged: Judged;
}

const HEAD = ['fault', 'truth', 'engine', 'diagnosis', 'confidence', 'kind', 'type', 'after ms', 'the app saw'];

function cells({ fault, engine, seen, judged }: Row): string[] {
  const { truth } = fault;
  const said = seen.diagnosis;
  return [
    fault.name,
    truth ? `${truth.kind}: ${truth.type}` : 'nothing to report',
    engine,
    said ? `${said.kind}: ${said.type}` : '–',
    said ? said.confidence.toFixed(2) : '',
    judged.kind,
    judged.type,
    `${seen.requestMs}${seen.diagnosisMs === null ? '' : ` + ${seen.diagnosisMs}`}`,
    seen.app,
  ];
}

/** A table in Markdown. Never throws. */
export function table(rows: readonly Row[]): string {
  const lines = [HEAD, ...rows.map(cells)];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const print = (line: readonly string[]): string => `| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = '', ...rest] = lines.map(print);
  return [head, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rest].join('\n');
}

function share(part: number, whole: number): string {
  return whole === 0 ? 'none' : `${part} of ${whole} (${Math.round((100 * part) / whole)} %)`;
}

/** Counts and calibration of one engine's rows, one line each. */
export function summary(engine: Engine, rows: readonly Row[]): readonly string[] {
  const count = (of: 'kind' | 'type'): string =>
    GRADES.map((grade) => `${rows.filter(({ judged }) => judged[of] === grade).length} ${grade}`).join(', ');
  const calibration = (from: number): string => {
    const sure = rows.filter(({ seen }) => (seen.diagnosis?.confidence ?? 0) >= from);
    const wrong = sure.filter(({ judged }) => judged.kind === 'wrong');
    const named = wrong.map(({ fault }) => fault.name).join(', ');
    return `confidence ≥ ${from}: ${share(wrong.length, sure.length)} of the wrong kind${named && `: ${named}`}`;
  };
  const tellable = rows.filter(({ fault }) => fault.truth !== null && knowable(engine, fault) !== 'nothing');
  const rightType = tellable.filter(({ judged }) => judged.type === 'right');
  const sure = tellable.filter(({ seen, judged }) => judged.kind === 'right' && (seen.diagnosis?.confidence ?? 0) >= 0.9);
  const healthy = rows.filter(({ fault }) => fault.truth === null);
  return [
    `${engine}, ${rows.length} faults: kind ${count('kind')}; type ${count('type')}`,
    `  ${calibration(0.9)}; ${calibration(0.7)}`,
    `  tellable faults: type right in ${share(rightType.length, tellable.length)}, kind right at confidence ≥ 0.9 in ${share(sure.length, tellable.length)}`,
    `  nothing to report, but reported: ${share(healthy.filter(({ seen }) => seen.diagnosis !== null).length, healthy.length)}`,
  ];
}

/** One row for programs. */
export const plain = ({ fault, engine, seen, judged }: Row) => ({ fault: fault.name, truth: fault.truth, engine, ...seen, judged });
