/** The figures that the diagnosis is held to, and whether they are met. Pure. */
import type { Conditions } from './conditions.js';
import { isBrowser } from './engine.js';
import { isNoOutage, knowable } from './fault.js';
import { GRADES, isFalseOutage } from './judge.js';
import { judgeNel, labelOf } from './matrix.js';
import type { Row } from './matrix.js';
import { isMasked } from './nel.js';
import type { Landmarks } from './places.js';

export interface Figure {
  readonly words: string;
  /** Undefined where there is no goal. */
  readonly isMet: boolean | undefined;
}

const SURE = 0.9;
const RATHER_SURE = 0.7;
const RIGHT_KINDS: Record<Exclude<Landmarks, 'none'>, number> = { two: 0.9, stun: 0.95 };
const RIGHT_ALONE = 0.8;
const SURE_OF_NODE = 0.9;
const ALONE_FROM_RTT_MS = 40;
const FAST_WITHIN_MS = 1_000;
const SILENT_WITHIN_MS = 12_000;

const confidenceOf = ({ seen }: Row): number => seen.diagnosis?.confidence ?? 0;
const isRight = ({ judged }: Row): boolean => judged.kind === 'right';
const ratio = (part: number, whole: number): number => (whole === 0 ? 1 : part / whole);
const share = (part: number, whole: number): string => `${part} of ${whole}${whole ? ` (${((100 * part) / whole).toFixed(0)} %)` : ''}`;
const named = (rows: readonly Row[]): string => {
  const names = [...new Set(rows.map(({ fault, client }) => `${fault.name} (${labelOf(client)})`))];
  return names.length > 0 ? `: ${names.join(', ')}` : '';
};

function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}

function calibration(rows: readonly Row[]): readonly Figure[] {
  const wrongFrom = (from: number) => {
    const sure = rows.filter((row) => row.seen.diagnosis && confidenceOf(row) >= from);
    const wrong = sure.filter(({ judged }) => judged.kind === 'wrong');
    return {
      words: `confidence ≥ ${from}: wrong kind in ${share(wrong.length, sure.length)}${named(wrong)}`,
      rate: wrong.length / (sure.length || 1),
    };
  };
  const [sure, ratherSure] = [wrongFrom(SURE), wrongFrom(RATHER_SURE)];
  return [
    { words: `${sure.words}; goal none`, isMet: sure.rate === 0 },
    { words: `${ratherSure.words}; goal ≤ 3 %`, isMet: ratherSure.rate <= 0.03 },
  ];
}

function rightKinds(label: string, rows: readonly Row[], goal: number | undefined): Figure {
  const right = rows.filter(isRight).length;
  const counts = GRADES.map((grade) => `${rows.filter(({ judged }) => judged.kind === grade).length} ${grade}`).join(', ');
  return {
    words: `${label}: kind right in ${share(right, rows.length)} (${counts})${goal === undefined ? '' : `; goal ≥ ${goal * 100} %`}`,
    isMet: goal === undefined ? undefined : ratio(right, rows.length) >= goal,
  };
}

function rightTypes(label: string, rows: readonly Row[]): Figure {
  const tellable = rows.filter(({ fault, client }) => fault.truth && knowable(client, fault) === 'type');
  const right = tellable.filter(({ judged }) => judged.type === 'right').length;
  const isMet = ratio(right, tellable.length) >= 0.98;
  const missed = tellable.filter(({ judged }) => judged.type !== 'right');
  return { words: `${label}: type right in ${share(right, tellable.length)} tellable${named(missed)}; goal ≥ 98 %`, isMet };
}

function notShy(label: string, rows: readonly Row[], goal: number | undefined): Figure {
  const tellable = rows.filter(({ fault, client }) => fault.truth && knowable(client, fault) !== 'nothing');
  const sure = tellable.filter((row) => isRight(row) && confidenceOf(row) >= SURE).length;
  return {
    words: `${label}: right at confidence ≥ ${SURE} in ${share(sure, tellable.length)} tellable${goal === undefined ? '' : `; goal ≥ ${goal * 100} %`}`,
    isMet: goal === undefined ? undefined : ratio(sure, tellable.length) >= goal,
  };
}

function ofClient(label: string, rows: readonly Row[], { rttMs, tao }: Conditions): readonly Figure[] {
  const client = rows[0]?.client;
  if (!client) return [];
  if (!isBrowser(client.engine)) return [rightKinds(label, rows, undefined), rightTypes(label, rows), notShy(label, rows, SURE_OF_NODE)];
  const { engine, landmarks } = client;
  const wrong = rows.filter((row) => row.judged.kind === 'wrong' && confidenceOf(row) >= RATHER_SURE);
  const noneWrong = {
    words: `${label}: wrong kind at confidence ≥ ${RATHER_SURE} in ${wrong.length}${named(wrong)}; goal none`,
    isMet: wrong.length === 0,
  };
  // How many kinds must be right is said of Chromium and Firefox.
  if (engine === 'webkit') return [rightKinds(label, rows, undefined), noneWrong, notShy(label, rows, undefined)];
  if (landmarks !== 'none')
    return [rightKinds(label, rows, RIGHT_KINDS[landmarks]), notShy(label, rows, landmarks === 'two' ? 0.5 : undefined)];
  const canTime = rttMs >= ALONE_FROM_RTT_MS && tao;
  return [rightKinds(label, rows, canTime ? RIGHT_ALONE : undefined), noneWrong, notShy(label, rows, canTime ? 0.25 : undefined)];
}

/** Chromium beside its own reports, where a request really failed: the clients with two landmarks where there are some. */
function besideNel(rows: readonly Row[]): readonly Figure[] {
  const reported = rows.filter(
    ({ nel, fault, seen }) => nel !== undefined && fault.truth && !isNoOutage(fault) && !(fault.mayPass && seen.app === '200'),
  );
  const two = reported.filter(({ client }) => client.landmarks === 'two');
  const compared = two.length > 0 ? two : reported;
  if (compared.length === 0) return [];
  const ours = compared.filter(isRight).length;
  const nels = compared.filter((row) => judgeNel(row) === 'right').length;
  const lacking = compared.filter(({ nel, fault }) => !nel || isMasked(nel, fault.truth?.type ?? ''));
  const told = lacking.filter(({ seen }) => seen.diagnosis);
  const accused = rows.filter(
    ({ nel, fault, seen }) => nel && isFalseOutage(fault, { diagnosis: { ...seen.diagnosis, kind: 'unknown' } as never }),
  );
  return [
    {
      words: `failures with the right kind: ours ${share(ours, compared.length)}, NEL ${share(nels, compared.length)}; goal more`,
      isMet: ours > nels,
    },
    {
      words: `where NEL is silent or masks the cause, ours reports ${share(told.length, lacking.length)}; goal all`,
      isMet: told.length === lacking.length,
    },
    { words: `NEL reports of what is no outage: ${accused.length}`, isMet: undefined },
  ];
}

function falseOutages(rows: readonly Row[]): Figure {
  const healthy = rows.filter(({ fault }) => isNoOutage(fault));
  const wrong = healthy.filter(({ fault, seen }) => isFalseOutage(fault, seen));
  return {
    words: `no outage, but told as one: ${share(wrong.length, healthy.length)}${named(wrong)}; goal none`,
    isMet: wrong.length === 0,
  };
}

function times(rows: readonly Row[]): readonly Figure[] {
  const of = (silent: boolean): number | undefined =>
    median(
      rows.flatMap(({ fault, seen }) => (fault.truth && fault.isSilent === silent && seen.diagnosisMs !== null ? [seen.diagnosisMs] : [])),
    );
  const [fast, silent] = [of(false), of(true)];
  return [
    {
      words: `from failure to diagnosis, fast faults: median ${fast ?? '–'} ms; goal ≤ ${FAST_WITHIN_MS} ms`,
      isMet: (fast ?? 0) <= FAST_WITHIN_MS,
    },
    {
      words: `from failure to diagnosis, silent faults: median ${silent ?? '–'} ms; goal ≤ ${SILENT_WITHIN_MS} ms`,
      isMet: (silent ?? 0) <= SILENT_WITHIN_MS,
    },
  ];
}

/** All figures of one run. Never throws. */
export function figuresOf(rows: readonly Row[], conditions: Conditions): readonly Figure[] {
  const labels = [...new Set(rows.map(({ client }) => labelOf(client)))];
  return [
    ...calibration(rows),
    ...labels.flatMap((label) =>
      ofClient(
        label,
        rows.filter(({ client }) => labelOf(client) === label),
        conditions,
      ),
    ),
    ...besideNel(rows),
    falseOutages(rows),
    ...times(rows),
  ];
}

export const print = ({ words, isMet }: Figure): string => `${isMet === undefined ? '        ' : isMet ? 'met     ' : 'NOT MET '}${words}`;
