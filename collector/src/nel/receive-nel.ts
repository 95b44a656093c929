/** One upload of a browser's own reports, from its bytes to the journal: the same journal, entry and fdatasync as sealed reports. */
import { randomBytes } from 'node:crypto';
import { DAY_MS, encodeBody, type Context, type ErrorCode } from '@outcry/protocol';
import { journalRefusal } from '../intake/journal-refusal.js';
import type { SenderLimits } from '../intake/sender-limits.js';
import type { Project, Registry } from '../intake/registry.js';
import { packEntry } from '../journal/entry.js';
import type { Journal } from '../journal/journal.js';
import type { Sender } from '../network/sender.js';
import type { NelClients } from './clients.js';
import { readNelReports, type NelOutcome } from './read-reports.js';
import type { NelRepeats } from './repeats.js';

export interface NelAnswer {
  readonly code: 'stored' | 'nothing_new' | ErrorCode;
  /** Seconds that the browser should wait; 0 for none. */
  readonly retryAfterS: number;
  /** Rows that the drainer will have to insert. */
  readonly rows: number;
  readonly outcomes: ReadonlyMap<NelOutcome, number>;
}

export interface NelParts {
  readonly registry: Registry;
  readonly limits: SenderLimits;
  readonly repeats: NelRepeats;
  readonly clients: NelClients;
  readonly journal: Journal;
  readonly hasRoom: () => boolean;
  readonly now: () => number;
  readonly onJournalError: (error: unknown) => void;
}

export interface NelIntake {
  /** What can be said before a byte of the body is read: the project to go on with, or the refusal. */
  admit(project: string, sender: Sender): Project | NelAnswer;
  /** Reads and stores the body. Never rejects for what a sender does. */
  receive(project: Project, bytes: Buffer, sender: Sender): Promise<NelAnswer>;
}

const FULL_RETRY_S = 60;
const DEDUP_BYTES = 16;
const NOTHING: ReadonlyMap<NelOutcome, number> = new Map();

export const refusedNel = (code: NelAnswer['code'], retryAfterS = 0, outcomes = NOTHING): NelAnswer => ({
  code,
  retryAfterS,
  rows: 0,
  outcomes,
});

/** Nothing is known of the app's version, the browser or a consent text: the browser's own report does not say it, or it is dropped. */
const contextOf = (project: string): Context => ({
  source: 'nel',
  project,
  release: 'unknown',
  runtime: 'other',
  runtime_major: 0,
  os: 'other',
  sdk_version: '0.0.0',
  diagnosis_version: 0,
  consent_text: 'nel',
  consent_method: 'other',
});

export function nelIntake({ registry, limits, repeats, clients, journal, hasRoom, now, onJournalError }: NelParts): NelIntake {
  return {
    admit(name, sender) {
      const project = registry.find(name);
      // 410 makes a browser forget this endpoint, so that a collector ends what a stale policy would go on with.
      if (project?.nel !== true) return refusedNel('nel_off');
      const waitS = limits.take(sender, undefined, now());
      if (waitS > 0) return refusedNel('rate_limited', waitS);
      const refusal = journalRefusal(journal, hasRoom);
      return refusal === undefined ? project : refusedNel(refusal, FULL_RETRY_S);
    },

    async receive(project, bytes, { prefixKey, label: { network, country } }) {
      const nowMs = now();
      const read = readNelReports(bytes, project.hosts, nowMs);
      if (read === undefined) return refusedNel('nel_bad_reports');
      const { outcomes } = read;
      const { fresh, repeats: repeated } = repeats.sift(prefixKey, read.reports, nowMs);
      if (repeated > 0) outcomes.set('repeat', repeated);
      if (fresh.length === 0) {
        const strangers = outcomes.get('unknown_host') ?? 0;
        const onlyStrangers = strangers > 0 && outcomes.size === 1;
        return refusedNel(onlyStrangers ? 'unknown_host' : 'nothing_new', 0, outcomes);
      }
      const receivedAtS = Math.floor(nowMs / 1000);
      const sealedDay = Math.floor(nowMs / DAY_MS);
      const dedup = randomBytes(DEDUP_BYTES);
      const failures = fresh.map(({ failure }) => failure);
      const entry = packEntry({
        receivedAtS,
        sealedDay,
        dedup,
        signer: clients.numberOf(prefixKey, nowMs),
        network,
        country,
        // A report says how long ago it happened, so its time is by this clock.
        offsetS: 0,
        development: project.stage === 'development',
        crowd: '',
        rows: failures.length,
        body: encodeBody({
          sealed_at: receivedAtS,
          context: contextOf(project.name),
          failures,
          attempts: [],
          deliveries: [],
          losses: [],
          consents: [],
        }),
      });
      try {
        await journal.add(sealedDay, dedup, entry);
      } catch (error) {
        if (journal.commits.isSound()) onJournalError(error);
        return refusedNel(journalRefusal(journal, hasRoom) ?? 'journal_full', FULL_RETRY_S);
      }
      repeats.remember(prefixKey, fresh, nowMs);
      outcomes.set('stored', fresh.length);
      return { code: 'stored', retryAfterS: 0, rows: fresh.length, outcomes };
    },
  };
}
