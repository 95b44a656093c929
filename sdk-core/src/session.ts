/**
 * One granted period at work: failures and attempts in, sealed envelopes out. Made at the grant, ended by the withdrawal.
 * Everything from here on is a chunk of its own in a browser, loaded once consent is given: nobody pays for it before.
 */
import { lossBucket, MAX_REPORTS } from '@outcry/protocol';
import type { Consent, Delivery as DeliveryRecord, Failure } from '@outcry/protocol';
import type { Attempt, ObservedFailure, WitnessAnswer } from './observed.js';
import { makeAttempts } from './attempts.js';
import { makeBudget } from './budget.js';
import { consentMark, consentRecord } from './consent-record.js';
import { contextOf } from './context.js';
import { makeDelivery } from './deliver.js';
import { entryKey } from './entry.js';
import type { Entry } from './entry.js';
import { makeFold } from './fold.js';
import { makeGrant } from './grant.js';
import type { Grant, GrantParts } from './grant.js';
import { lossRecords, makeLosses } from './losses.js';
import { learnNel } from './nel.js';
import { makeQueue, QUEUE_LIMITS } from './queue.js';
import { buildFailure, coarsen, secondsOf } from './report.js';
import { makeSealer } from './seal.js';
import type { Sent } from './send.js';
import { makeSteering } from './steering.js';
import { toldFailure } from './told.js';
import type { FlushResult, PendingCounts, PreviewBody, Receipt, ReportInput, SentEntry } from './types.js';
import { makeWitness } from './witness.js';
import { wordsOf } from './words.js';
import { leavePlan } from './worker-plan.js';

export { removeNel } from './nel-removal.js';

const MAX_SENT = 50;

export interface Session {
  observe(attempt: Attempt): void;
  fail(failure: ObservedFailure): void;
  next(): PreviewBody;
  flush(): Promise<FlushResult>;
  pending(): Promise<PendingCounts>;
  close(): Promise<void>;
  /** Whether consent stands, by the store too, and the draw by the share that the configuration leaves wins. */
  mayProbe(): Promise<boolean>;
  compare(host: string, deadlineMs?: number): Promise<readonly WitnessAnswer[] | null>;
  setReceipt(receipt: Receipt): void;
  /** A failure that the app itself tells of, at `nowMs`. Throws at input that cannot be read. */
  report(input: ReportInput, nowMs: number): void;
  /** Stops at once; nothing is written or sent any more. */
  end(): void;
}

/** What this page or process still knows of an envelope; the sealed bytes tell it nothing. */
interface Known {
  readonly words: string[];
  readonly hosts: string[];
}

export interface SessionParts extends Omit<GrantParts, 'lose'> {
  /** Deliveries are added here; the newest 50 stay. */
  readonly sent: SentEntry[];
  readonly receipt: Receipt;
}

/** Starts recording. Never throws; `onGone` is called when consent turns out to be withdrawn elsewhere. */
export function startSession(parts: SessionParts): Session {
  const { options, platform, sent } = parts;
  const losses = makeLosses(() => grant);
  const grant: Grant = makeGrant({
    ...parts,
    lose(reason, count = 1) {
      losses.add(reason, count);
      parts.emit({ kind: 'dropped', reason, count });
    },
  });
  const { now, random } = platform;
  const routes = options.routes.map(([pattern]) => pattern);
  const known = new Map<string, Known>();
  /** How the last request to a host that failed before went on. */
  const outcomes = new Map<string, 'worked' | 'failed'>();
  const deliveries: DeliveryRecord[] = [];
  let consents: Consent[] = [];
  let worthTelling = false;
  let { receipt } = parts;
  let sealing: Promise<unknown> = Promise.resolve();

  const steering = makeSteering(grant);
  const budget = makeBudget(grant);
  const queue = makeQueue(grant, { losses, overflow: () => (budget.holdsBack() ? 'byte_budget' : 'queue_full') });
  const sealBody = makeSealer(grant, steering);
  const witness = makeWitness(grant, steering);
  const fold = makeFold(
    grant,
    () => seal('none'),
    () => delivery.isStuck(),
  );
  const attempts = makeAttempts(grant, steering, () => seal('over'));
  const delivery = makeDelivery(grant, {
    queue,
    steering,
    budget,
    onDelivered,
    sealRecords: async () => (worthTelling || losses.untold.size > 0) && seal('none', true),
  });

  function onDelivered(key: string, entry: Entry, { collector, tookMs, failed }: Sent): void {
    const about = known.get(key);
    known.delete(key);
    const nowMs = now();
    sent.push({ sentAtMs: nowMs, collector, bytes: entry.bytes.length, words: about?.words ?? [] });
    sent.splice(0, sent.length - MAX_SENT);
    const { failedAtMs } = entry;
    grant.emit({ kind: 'delivered', collector, tookMs, sinceFailureMs: failedAtMs === null ? null : nowMs - failedAtMs });
    const host = new URL(collector).hostname;
    const failed_collectors = [...new Set([...entry.failed, ...failed])].filter((other) => other !== host).slice(0, 8);
    if (entry.reports === 0 && failed_collectors.length === 0) return;
    const later = about?.hosts.map((each) => outcomes.get(each)) ?? [];
    const later_retry = later.includes('worked') ? 'worked' : later.includes('failed') ? 'failed' : 'unknown';
    const tries = lossBucket(entry.tries + 1);
    if (deliveries.length < MAX_REPORTS)
      deliveries.push({ sent_at: secondsOf(nowMs), collector: host, failed_collectors, tries, later_retry });
    // Clock and order of size alone can wait for the next envelope; these cannot.
    if (failed_collectors.length > 0 || tries !== '1' || later_retry !== 'unknown') worthTelling = true;
  }

  const coarsened = (): Failure[] => fold.rows().flatMap(({ failure }) => coarsen(failure, options.beforeSend) ?? []);

  /** Seals what there is into as many envelopes as it takes. `evenRecords`: also when nothing but records is there. */
  function seal(which: 'none' | 'over' | 'all', evenRecords = false): Promise<boolean> {
    const mine = sealing.then(async () => {
      const rows = fold.take().flatMap(({ failure, firstMs }) => {
        const kept = coarsen(failure, options.beforeSend);
        if (!kept) grant.lose('before_send', failure.count);
        return kept ? [{ failure: kept, firstMs }] : [];
      });
      const bins = which === 'none' ? [] : attempts.take(which === 'all');
      let made = false;
      const records = evenRecords && deliveries.length + losses.untold.size + consents.length > 0;
      for (let first = true; grant.live() && (rows.length + bins.length > 0 || (first && records)); first = false)
        made = (await sealOne(rows.splice(0, MAX_REPORTS), bins.splice(0, MAX_REPORTS))) || made;
      if (made) delivery.soon();
      return made;
    });
    sealing = mine.catch(() => undefined);
    return mine.catch(() => false);
  }

  async function sealOne(rows: { failure: Failure; firstMs: number }[], bins: PreviewBody['attempts']): Promise<boolean> {
    const failures = rows.map(({ failure }) => failure);
    const repeats = failures.reduce((sum, { count }) => sum + count, 0);
    // Another tab may have told it meanwhile.
    if (consents.length > 0) await tellConsent().catch(() => undefined);
    const told = { deliveries: deliveries.splice(0), losses: await losses.take(), consents };
    consents = [];
    const putBack = (): Promise<void> => {
      deliveries.unshift(...told.deliveries);
      consents.push(...told.consents);
      return losses.putBack(told.losses);
    };
    const sealedAtMs = now();
    const bytes = await sealBody({
      sealed_at: secondsOf(sealedAtMs),
      context: contextOf(options, platform, receipt),
      failures,
      attempts: bins,
      deliveries: told.deliveries,
      losses: lossRecords(told.losses.counts),
      consents: told.consents,
    }).catch((error: unknown) => {
      grant.lose((error as { code?: string }).code?.endsWith('_too_large') ? 'too_large' : 'other', repeats || 1);
      return undefined;
    });
    if (!bytes) {
      await putBack();
      if (bytes === null && repeats > 0) grant.lose('no_crypto', repeats);
      return false;
    }
    worthTelling = false;
    const key = entryKey(sealedAtMs, random);
    const failedAtMs = failures.length > 0 ? Math.min(...rows.map(({ firstMs }) => firstMs)) : null;
    const hosts = [...new Set(failures.map(({ host }) => host))];
    const words = wordsOf({ failures, attempts: bins, deliveries: told.deliveries, losses: told.losses.counts, consents: told.consents });
    known.set(key, { words, hosts });
    // What is evicted or sent by another tab is never asked for.
    for (const [old] of known) if (known.size > QUEUE_LIMITS.count) known.delete(old);
    for (const host of hosts) outcomes.delete(host);
    const entry: Entry = {
      bytes,
      sealedAtMs,
      failedAtMs,
      reports: failures.length,
      failures: repeats,
      tries: 0,
      failed: [],
      leasedUntilMs: 0,
      ...(told.losses.counts.size > 0 && { losses: Object.fromEntries(told.losses.counts) }),
    };
    const puts: [string, unknown][] = told.consents.slice(-1).map((consent) => ['consent', consentMark(consent)]);
    if (!(await queue.add(key, entry, { puts, deletes: told.losses.keys }))) return false;
    delivery.hold(key, entry);
    grant.emit({ kind: 'sealed', bytes: bytes.length, reports: failures.length });
    return true;
  }

  /** A consent is told once, however many pages it is applied on. */
  async function tellConsent(): Promise<void> {
    const told = await platform.store.get('consent');
    const consent = consentRecord(receipt);
    consents = grant.live() && told !== consentMark(consent) ? [consent] : [];
  }

  void tellConsent().catch(() => undefined);
  void leavePlan(grant, receipt).catch(() => undefined);
  delivery.soon();
  learnNel(grant);
  // A hidden page is often never seen again: what it has not sealed then is lost, what it has not sent waits for a page to come.
  const stopLeave = platform.onLeave?.((closing) => {
    if (closing) delivery.part();
    void losses.save().catch(() => undefined);
    void seal('all')
      .then(async () => {
        if ((await queue.list()).length > 0) platform.onKept?.();
        if (!closing) await delivery.flush(true, 'live');
      })
      .catch(() => undefined);
  });

  const stopWake = platform.onWake?.((isOtherNetwork) => {
    // A page that slept through a withdrawal learns of it here.
    void grant.holds();
    delivery.wake();
    witness.refresh(isOtherNetwork);
  });

  function fail(seen: ObservedFailure): void {
    const reportsPpm = steering.reportsPpm();
    const failure = buildFailure(seen, {
      online: platform.online(),
      connection: platform.connection(),
      nowMs: now(),
      samplePpm: reportsPpm,
      routes,
      claim: witness.claim(),
    });
    grant.emit({ kind: 'diagnosed', failure, evidence: seen.diagnosis.evidence });
    if (steering.isPaused()) grant.lose('paused');
    else if (random() * 1e6 >= reportsPpm) grant.lose('sampled_out');
    else fold.add(failure, seen.startedAtMs);
  }

  return {
    observe(attempt) {
      if (!steering.isPaused()) attempts.count(attempt);
      const { host, outcome } = attempt;
      const before = outcomes.get(host);
      if (outcome === 'succeeded' && before === 'failed') delivery.recovered();
      if (outcome === 'failed') outcomes.set(host, 'failed');
      else if (outcome === 'succeeded' && (before || known.size > 0)) outcomes.set(host, 'worked');
      witness.refresh();
    },
    fail,
    report: (input, nowMs) => fail(toldFailure(input, nowMs)),
    next: () => ({
      context: contextOf(options, platform, receipt),
      failures: coarsened(),
      attempts: attempts.records(),
      deliveries,
      losses: lossRecords(losses.untold),
      consents,
    }),
    async flush() {
      await seal('none');
      return delivery.flush(false);
    },
    async pending() {
      const entries = await queue.list();
      return {
        unsealed: fold.rows().length,
        envelopes: entries.length,
        bytes: entries.reduce((sum, [, { bytes }]) => sum + bytes.length, 0),
      };
    },
    async close() {
      await seal('all', true);
      await delivery.flush(true);
    },
    mayProbe: async () => (await grant.holds()) && random() * 1e6 < steering.probesPpm(),
    compare: (host, deadlineMs) => witness.compare(host, deadlineMs),
    end() {
      stopLeave?.();
      stopWake?.();
      grant.end();
    },
    setReceipt(next) {
      receipt = next;
      void tellConsent().catch(() => undefined);
      void leavePlan(grant, receipt).catch(() => undefined);
    },
  };
}
