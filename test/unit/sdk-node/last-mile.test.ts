import type { Agent, Attempt, ObservedFailure, WitnessAnswer } from '@outcry/core';
import type { Diagnosis } from '@outcry/protocol';
import { describe, expect, it } from 'vitest';
import { makeLastMile, mayBeLastMile, weigh } from '../../../sdk-node/src/last-mile.js';
import type { Compared } from '../../../sdk-node/src/last-mile.js';
import { makeWatch } from '../../../sdk-node/src/watch.js';
import { makeClock } from '../sdk-core/place.js';

const NAME_FAILED: Diagnosis = { type: 'dns.failed', phase: 'dns', kind: 'dns', confidence: 0.9, evidence: ['EAI_AGAIN'] };
const witness = (reached: boolean): WitnessAnswer => ({
  url: 'https://w.example/v1/witness',
  isAddress: false,
  answered: reached,
  reached,
  ms: 5,
});
const EAI_AGAIN = { name: 'Error', code: 'EAI_AGAIN', message: '', syscall: 'getaddrinfo', address: '', byPeer: false };
const EMPTY = { ...EAI_AGAIN, code: 'UND_ERR_SOCKET', syscall: '', byPeer: true };

/** Witnesses by name and by address: how many of how many answered. */
const compared = (byName: [number, number], byAddress: [number, number], more: Partial<Compared> = {}): Compared => ({
  byName: { reached: byName[0], asked: byName[1] },
  byAddress: { reached: byAddress[0], asked: byAddress[1] },
  strangers: 0,
  ...more,
});

describe('weighing a failure against witnesses', () => {
  const LOST: Diagnosis = { ...NAME_FAILED, type: 'tcp.timed_out', kind: 'routing' };

  it('keeps the diagnosis where one witness answers', () => {
    expect(weigh(NAME_FAILED, compared([1, 2], [0, 0]))).toMatchObject({ type: 'dns.failed', kind: 'dns', confidence: 0.9 });
    expect(weigh(LOST, compared([0, 2], [1, 1]))).toMatchObject({ type: 'tcp.timed_out', kind: 'routing' });
  });
  it('blames the way out where none answers, surer with two, and surest where one was asked by address', () => {
    const dead = { type: 'client.uplink_dead', kind: 'offline' };
    expect(weigh(NAME_FAILED, compared([0, 2], [0, 1]))).toMatchObject({ ...dead, confidence: 0.9 });
    expect(weigh(NAME_FAILED, compared([0, 2], [0, 0]))).toMatchObject({ ...dead, confidence: 0.8 });
    expect(weigh(NAME_FAILED, compared([0, 1], [0, 0]))).toMatchObject({ ...dead, confidence: 0.6 });
  });
  it('is not sure of a dead way out where somebody refused the connection', () => {
    const refused: Diagnosis = { ...NAME_FAILED, type: 'tcp.refused', kind: 'routing' };
    expect(weigh(refused, compared([0, 2], [0, 1]))).toMatchObject({ type: 'client.uplink_dead', confidence: 0.6 });
  });
  it('blames the resolver where a witness answers by address and none by name', () => {
    const dead = { type: 'client.resolver_dead', kind: 'offline' };
    expect(weigh(NAME_FAILED, compared([0, 2], [1, 1]))).toMatchObject({ ...dead, confidence: 0.9 });
    expect(weigh(NAME_FAILED, compared([0, 1], [1, 1]))).toMatchObject({ ...dead, confidence: 0.7 });
  });
  it('blames a sign-in page where somebody else answers for every witness', () => {
    const portal = { type: 'client.captive_portal', kind: 'offline' };
    const invalid: Diagnosis = { ...NAME_FAILED, type: 'tls.cert.name_invalid', kind: 'tls' };
    expect(weigh(invalid, compared([0, 2], [0, 1], { strangers: 3 }))).toMatchObject({ ...portal, confidence: 0.9 });
    expect(weigh(invalid, compared([0, 2], [0, 1], { strangers: 1 }))).toMatchObject({ ...portal, confidence: 0.75 });
    expect(weigh(invalid, compared([1, 2], [0, 1], { strangers: 2 }))).toMatchObject({ type: 'tls.cert.name_invalid' });
  });
  it('doubts the own clock where no certificate anywhere is in date', () => {
    const invalid: Diagnosis = { ...NAME_FAILED, type: 'tls.cert.date_invalid', kind: 'tls', confidence: 0.95 };
    expect(weigh(invalid, compared([0, 2], [0, 1], { strangers: 3 }))).toMatchObject({ type: 'tls.cert.date_invalid', confidence: 0.5 });
  });
  it('blames the resolver where witnesses answer over connections that were kept, but none of their names resolves', () => {
    const kept = (resolved: number) => compared([2, 2], [0, 0], { names: { asked: 2, resolved } });
    expect(weigh(NAME_FAILED, kept(0))).toMatchObject({ type: 'client.resolver_dead', kind: 'offline', confidence: 0.9 });
    expect(weigh(NAME_FAILED, kept(1))).toMatchObject({ type: 'dns.failed' });
    const refused: Diagnosis = { ...NAME_FAILED, type: 'tcp.refused', kind: 'routing' };
    expect(weigh(refused, kept(0))).toMatchObject({ type: 'tcp.refused' });
  });
  it('keeps the diagnosis where nobody was asked', () => {
    expect(weigh(NAME_FAILED, undefined)).toBe(NAME_FAILED);
    expect(weigh(NAME_FAILED, compared([0, 0], [0, 0]))).toBe(NAME_FAILED);
  });
  it('never doubts a failure in which the host answered or a request was sent', () => {
    expect(mayBeLastMile({ ...NAME_FAILED, kind: 'http' })).toBe(false);
    expect(mayBeLastMile({ ...NAME_FAILED, kind: 'timeout' })).toBe(false);
  });
});

describe('asking witnesses', () => {
  it('asks one question for failures at the same time, and keeps its result for ten minutes', async () => {
    let nowMs = 1_000_000;
    let questions = 0;
    const lastMile = makeLastMile({ compareWitness: () => Promise.resolve(questions++ ? null : [witness(false)]) }, () => nowMs);
    const [one, two] = await Promise.all([lastMile.compare('a.example'), lastMile.compare('b.example')]);
    expect([one, two, questions]).toEqual([compared([0, 1], [0, 0]), compared([0, 1], [0, 0]), 1]);
    nowMs += 599_000;
    expect(await lastMile.compare('a.example')).toEqual(compared([0, 1], [0, 0]));
    nowMs += 2_000;
    expect(await lastMile.compare('a.example')).toBeUndefined();
  });
  it('looks up the names of those that answer, and no addresses', async () => {
    const looked: string[] = [];
    const answers = [witness(true), { ...witness(true), url: 'https://192.0.2.7/v1/witness', isAddress: true }, witness(false)];
    const lastMile = makeLastMile(
      { compareWitness: () => Promise.resolve(answers) },
      () => 0,
      (name) => Promise.resolve(looked.push(name) < 0),
    );
    expect(await lastMile.compare('a.example')).toEqual(compared([1, 2], [1, 1], { names: { asked: 1, resolved: 0 } }));
    expect(looked).toEqual(['w.example']);
  });
  it('forgets a dead way out when somebody answers', async () => {
    let first = true;
    const lastMile = makeLastMile({ compareWitness: () => Promise.resolve(first ? ((first = false), [witness(false)]) : null) }, () => 0);
    await lastMile.compare('a.example');
    lastMile.answered();
    expect(await lastMile.compare('a.example')).toBeUndefined();
  });
});

function watching(compareWitness: Agent['compareWitness']) {
  const failures: ObservedFailure[] = [];
  const attempts: Attempt[] = [];
  const clock = makeClock();
  const agent = {
    isGranted: () => true,
    grants: () => 1,
    watched: () => true,
    routeOf: () => null,
    observe: (attempt: Attempt) => void attempts.push(attempt),
    fail: (failure: ObservedFailure) => void failures.push(failure),
    compareWitness,
    mayProbe: () => Promise.resolve(false),
  } as unknown as Agent;
  const watch = makeWatch({
    agent,
    count4xx: false,
    now: () => clock.nowMs,
    accept: () => true,
    noNetwork: () => false,
    setTimer: clock.setTimer,
  });
  const begin = () => {
    const origin = 'https://a.example';
    const track = watch.begin({ resource: 'fetch', origin, scheme: 'https', host: 'a.example', path: '/', method: 'GET' });
    if (!track) throw new Error('not watched');
    return track;
  };
  return { watch, begin, failures, attempts, clock };
}

describe('a watched failure', () => {
  it('is told after the witnesses, as offline and not as failed, where none answers', async () => {
    const { watch, begin, failures, attempts } = watching(() => Promise.resolve([witness(false), witness(false)]));
    watch.finish(begin(), EAI_AGAIN);
    expect(failures).toEqual([]);
    await expect.poll(() => failures.length).toBe(1);
    expect(failures[0]?.diagnosis.type).toBe('client.uplink_dead');
    expect(attempts[0]?.outcome).toBe('aborted');
  });
  it('is told at once where the host was reached', () => {
    const { watch, begin, failures } = watching(() => new Promise(() => undefined));
    const track = begin();
    track.stage = 'request';
    watch.finish(track, EMPTY);
    expect(failures[0]?.diagnosis.kind).toBe('http');
  });
  it('is told once, as it looks, when the agent cannot wait', async () => {
    let answer: (answers: WitnessAnswer[]) => void = () => undefined;
    const { watch, begin, failures } = watching(() => new Promise((resolve) => (answer = resolve)));
    watch.finish(begin(), EAI_AGAIN);
    watch.settle();
    answer([witness(false)]);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(failures.map(({ diagnosis }) => diagnosis.type)).toEqual(['dns.failed']);
  });
  it('is told as it looks while 500 others wait', () => {
    const { watch, begin, failures } = watching(() => new Promise(() => undefined));
    for (let n = 0; n < 501; n++) watch.finish(begin(), EAI_AGAIN);
    expect(failures).toHaveLength(1);
  });
  it('is held against nobody where the process slept meanwhile, but an answer of the service is', () => {
    const { watch, begin, failures, attempts, clock } = watching(() => Promise.resolve(null));
    const [timer, answer] = [begin(), begin()];
    timer.stage = 'request';
    clock.jump(20_000);
    watch.finish(timer, { ...EMPTY, name: 'TimeoutError', code: '' });
    answer.statusCode = 503;
    watch.finish(answer);
    expect(attempts.map(({ outcome }) => outcome)).toEqual(['aborted', 'failed']);
    expect(failures.map(({ diagnosis }) => diagnosis.type)).toEqual(['http.error']);
    const awake = begin();
    awake.stage = 'request';
    watch.finish(awake, { ...EMPTY, name: 'TimeoutError', code: '' });
    expect(failures.at(-1)?.diagnosis.type).toBe('abandoned');
  });
});
