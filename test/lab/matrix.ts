/** The printed matrix: what each client said of each fault. Pure. */
import { isBrowser } from './engine.js';
import type { Client, Seen } from './engine.js';
import type { Fault } from './fault.js';
import type { Grade, Judged } from './judge.js';
import { judge } from './judge.js';
import { asDiagnosis } from './nel.js';
import type { NelSaid } from './nel.js';

export interface Row {
  readonly fault: Fault;
  readonly client: Client;
  readonly seen: Seen;
  readonly judged: Judged;
  /** What Chromium itself reported of the same request; undefined where nobody waited for it. */
  readonly nel: NelSaid | undefined;
}

/** `chromium, two`: the engine, and in pages the landmarks. */
export const labelOf = ({ engine, landmarks }: Client): string => (isBrowser(engine) ? `${engine}, ${landmarks}` : engine);

const SIGNS: Record<Grade, string> = { right: '✓', generic: '~', silent: '–', wrong: '✗' };
export const LEGEND = '✓ right kind, ~ generic, – nothing said of a failure, ✗ wrong kind; the number is the confidence';

const NEL_COLUMN = "Chromium's own NEL";

/** `tls.failed 0.70 ✓`; several different ones are counted. */
function cell(rows: readonly Row[]): string {
  const words = rows.map(({ seen: { diagnosis }, judged }) =>
    diagnosis
      ? `${diagnosis.type} ${diagnosis.confidence.toFixed(2)} ${SIGNS[judged.kind]}`
      : `– ${judged.kind === 'right' ? '✓' : ''}`.trim(),
  );
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].map(([word, count]) => (counts.size > 1 ? `${count} × ${word}` : word)).join('; ');
}

export const judgeNel = ({ fault, seen, nel }: Row): Grade => judge(fault, { app: seen.app, diagnosis: asDiagnosis(nel ?? null) }).kind;

function nelCell(rows: readonly Row[]): string {
  const row = rows.find(({ nel }) => nel !== undefined);
  return row ? `${row.nel ? row.nel.type : '–'} ${SIGNS[judgeNel(row)]}` : '';
}

/** A table in Markdown: a line for each fault, a column for each sort of client. Never throws. */
export function table(rows: readonly Row[]): string {
  const labels = [...new Set(rows.map(({ client }) => labelOf(client)))];
  const hasNel = rows.some(({ nel }) => nel !== undefined);
  const faults = [...new Set(rows.map(({ fault }) => fault))];
  const head = ['fault', 'what happens', 'truth', ...labels, ...(hasNel ? [NEL_COLUMN] : [])];
  const lines = faults.map((fault) => {
    const own = rows.filter((row) => row.fault === fault);
    const { truth } = fault;
    return [
      fault.name,
      fault.words,
      truth ? `${truth.kind}: ${truth.type}` : 'nothing to report',
      ...labels.map((label) => cell(own.filter(({ client }) => labelOf(client) === label))),
      ...(hasNel ? [nelCell(own)] : []),
    ];
  });
  const widths = head.map((_, column) => Math.max(...[head, ...lines].map((line) => line[column]?.length ?? 0)));
  const print = (line: readonly string[]): string => `| ${line.map((words, column) => words.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [print(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...lines.map(print)].join('\n');
}

/** One request with all its evidence. */
export function show({ fault, client, seen, judged, nel }: Row): string {
  const { truth } = fault;
  const said = seen.diagnosis;
  return [
    `${fault.name} (${fault.words}), ${labelOf(client)}`,
    `  truth      ${truth ? `${truth.kind}: ${truth.type}, ${truth.phase}, stage ${truth.stage}` : 'nothing to report'}`,
    `  the app    ${seen.app} after ${seen.requestMs} ms`,
    `  diagnosis  ${said ? `${said.kind}: ${said.type}, ${said.phase}, confidence ${said.confidence}, ${seen.diagnosisMs ?? 0} ms later` : 'none'}`,
    ...seen.evidence.map((words) => `  evidence   ${words}`),
    ...(nel === undefined ? [] : [`  NEL        ${nel ? `${nel.type}, ${nel.phase}` : 'nothing'}`]),
    `  grade      kind ${judged.kind}, type ${judged.type}`,
  ].join('\n');
}
