/** A diagnosis that only knows that time ran out, or that a name failed, in the light of the same way gone once more. Pure. */
import { kindOf, phaseOf } from '@outcry/protocol';
import type { Diagnosis } from '@outcry/protocol';
import type { WayProbed } from './way-probe.js';

const UNSEEN = /^(abandoned|dns\.unreachable|tcp\.timed_out|tls\.failed)$/;

/** What is left open, so that going the way again may tell: the step at which time ran out, or what is wrong with the name. */
export function leftOpen({ type, phase, kind, confidence, evidence }: Diagnosis): 'step' | 'name' | undefined {
  if (kind === 'dns' && evidence.some((words) => words.startsWith('EAI_AGAIN'))) return 'name';
  return UNSEEN.test(type) && phase !== 'application' && confidence < 0.9 ? 'step' : undefined;
}

const SILENT: Readonly<Record<Exclude<WayProbed['stage'], 'through'>, readonly [type: string, words: string]>> = {
  lookup: ['dns.unreachable', 'the name is not resolved now either'],
  connect: ['tcp.timed_out', 'no connection comes about now either'],
  handshake: ['tls.failed', 'the TLS handshake does not end now either'],
};

/**
 * @param open - As `leftOpen` says.
 * @param probed - Undefined where nobody probed; then nothing changes.
 * Source: docs/reference/diagnosis-node.md.
 */
export function refine(diagnosis: Diagnosis, open: 'step' | 'name', probed: WayProbed | undefined): Diagnosis {
  if (!probed) return diagnosis;
  const { stage, isSilent, code } = probed;
  const be = (type: string, confidence: number, words: string): Diagnosis => {
    const at = stage === 'through' ? 'unknown' : stage;
    return { type, phase: phaseOf(type, at), kind: kindOf(type, at), confidence, evidence: [...diagnosis.evidence, words] };
  };
  const keep = (confidence: number, words: string): Diagnosis => ({
    ...diagnosis,
    confidence: Math.min(diagnosis.confidence, confidence),
    evidence: [...diagnosis.evidence, words],
  });
  // What is over may have been anything on the way.
  if (stage === 'through') return open === 'name' ? keep(0.9, 'the name is resolved again') : keep(0.5, 'the way is free again');
  if (open === 'name') {
    if (isSilent || code === 'ECONNREFUSED') return be('dns.unreachable', 0.95, 'no name server answers');
    // A forwarder says so too when those behind it are silent; then it takes its time.
    if (/^E(SERVFAIL|REFUSED|FORMERR|NOTIMP)$/.test(code) && diagnosis.type === 'dns.failed')
      return be('dns.failed', 0.95, `${code} by a name server`);
    return keep(0.9, `now ${code}`);
  }
  if (isSilent) return be(SILENT[stage][0], 0.9, SILENT[stage][1]);
  // A step that now fails at once is not the silence of before.
  return keep(0.6, `now ${code} at ${stage}`);
}
