import type { Agent, Attempt, ObservedFailure, WitnessAnswer } from '@outcry/core';
import type { Diagnosis } from '@outcry/protocol';
import { describe, expect, it } from 'vitest';
import { makeLastMile, mayBeLastMile, weigh } from '../../../sdk-node/src/last-mile.js';
import { makeWatch } from '../../../sdk-node/src/watch.js';

const NAME_FAILED: Diagnosis = { type: 'dns.failed', phase: 'dns', kind: 'dns', confidence: 0.9, evidence: ['EAI_AGAIN'] };
const witness = (reached: boolean): WitnessAnswer => ({ url: 'https://w.example/v1/witness', reached, ms: 5 });
const EAI_AGAIN = { name: 'Error', code: 'EAI_AGAIN', message: '', syscall: 'getaddrinfo', address: '', byPeer: false };
const EMPTY = { ...EAI_AGAIN, code: 'UND_ERR_SOCKET', syscall: '', byPeer: true };

describe('weighing a failure against witnesses', () => {
  it('keeps the diagnosis where one witness answers', () => {
    expect(weigh(NAME_FAILED, { asked: 2, reached: 1 })).toMatchObject({ type: 'dns.failed', kind: 'dns', confidence: 0.9 });
  });
  it('blames the way out where none answers, surer with two', () => {
    expect(weigh(NAME_FAILED, { asked: 2, reached: 0 })).toMatchObject({ type: 'client.uplink_dead', kind: 'offline', confidence: 0.8 });
    expect(weigh(NAME_FAILED, { asked: 1, reached: 0 })).toMatchObject({ kind: 'offline', confidence: 0.6 });
  });
  it('keeps the diagnosis where nobody was asked', () => {
    expect(weigh(NAME_FAILED, undefined)).toBe(NAME_FAILED);
    expect(weigh(NAME_FAILED, { asked: 0, reached: 0 })).toBe(NAME_FAILED);
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
    expect([one, two, questions]).toEqual([{ asked: 1, reached: 0 }, { asked: 1, reached: 0 }, 1]);
    nowMs += 599_000;
    expect(await lastMile.compare('a.example')).toEqual({ asked: 1, reached: 0 });
    nowMs += 2_000;
    expect(await lastMile.compare('a.example')).toBeUndefined();
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
  const agent = {
    isGranted: () => true,
    grants: () => 1,
    watched: () => true,
    routeOf: () => null,
    observe: (attempt: Attempt) => void attempts.push(attempt),
    fail: (failure: ObservedFailure) => void failures.push(failure),
    compareWitness,
  } as unknown as Agent;
  const watch = makeWatch({ agent, count4xx: false, now: () => 0, accept: () => true, noNetwork: () => false });
  const begin = () => {
    const origin = 'https://a.example';
    const track = watch.begin({ resource: 'fetch', origin, scheme: 'https', host: 'a.example', path: '/', method: 'GET' });
    if (!track) throw new Error('not watched');
    return track;
  };
  return { watch, begin, failures, attempts };
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
});
