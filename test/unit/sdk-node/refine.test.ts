import { createSocket } from 'node:dgram';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Diagnosis } from '@outcry/protocol';
import { leftOpen, refine } from '../../../sdk-node/src/refine.js';
import { goTheWay, makeWayProbe } from '../../../sdk-node/src/way-probe.js';
import type { WayProbed } from '../../../sdk-node/src/way-probe.js';
import { closeAll, closedPort, makeCertificates, onConnect, tls } from './faults.js';

const UNSEEN: Diagnosis = { type: 'abandoned', phase: 'unknown', kind: 'timeout', confidence: 0.5, evidence: ['TimeoutError'] };
const CONNECTING: Diagnosis = { type: 'tcp.timed_out', phase: 'connection', kind: 'routing', confidence: 0.7, evidence: ['TimeoutError'] };
const NAME: Diagnosis = { type: 'dns.failed', phase: 'dns', kind: 'dns', confidence: 0.9, evidence: ['EAI_AGAIN at once'] };
const probed = (change: Partial<WayProbed>): WayProbed => ({ stage: 'connect', isSilent: true, code: '', ...change });
const never = new AbortController().signal;

afterEach(closeAll);

describe('a timer that ran out before a connection was used', () => {
  it('is refined by the step that is silent now too', () => {
    const of = (stage: WayProbed['stage']) => refine(UNSEEN, 'step', probed({ stage }));
    expect(of('lookup')).toMatchObject({ type: 'dns.unreachable', kind: 'dns', phase: 'dns', confidence: 0.9 });
    expect(of('connect')).toMatchObject({ type: 'tcp.timed_out', kind: 'routing', phase: 'connection', confidence: 0.9 });
    expect(of('handshake')).toMatchObject({ type: 'tls.failed', kind: 'tls', phase: 'connection', confidence: 0.9 });
  });

  it('is less sure when the way is free again or something else fails now, and stays as it was when nobody probed', () => {
    expect(refine(UNSEEN, 'step', undefined)).toBe(UNSEEN);
    expect(refine(CONNECTING, 'step', probed({ stage: 'through', isSilent: false }))).toMatchObject({
      type: 'tcp.timed_out',
      confidence: 0.5,
    });
    expect(refine(CONNECTING, 'step', probed({ isSilent: false, code: 'ECONNREFUSED' }))).toMatchObject({
      type: 'tcp.timed_out',
      confidence: 0.6,
    });
  });

  it('leaves the step open only before the request, and where the code does not name it', () => {
    expect(leftOpen(UNSEEN)).toBe('step');
    expect(leftOpen(CONNECTING)).toBe('step');
    expect(leftOpen({ ...CONNECTING, confidence: 0.95 })).toBeUndefined();
    expect(leftOpen({ ...UNSEEN, phase: 'application', confidence: 0.5 })).toBeUndefined();
    expect(leftOpen({ ...CONNECTING, type: 'tcp.refused' })).toBeUndefined();
  });
});

describe('EAI_AGAIN', () => {
  it('leaves open what is wrong with the name; another code of the resolver does not', () => {
    expect(leftOpen(NAME)).toBe('name');
    expect(leftOpen({ ...NAME, type: 'dns.name_not_resolved', evidence: ['ENOTFOUND'] })).toBeUndefined();
  });

  it('is a failure where a name server says so, and silence where none answers, however soon it came', () => {
    const of = (code: string, isSilent = false) => refine(NAME, 'name', probed({ stage: 'lookup', code, isSilent }));
    expect(of('ESERVFAIL')).toMatchObject({ type: 'dns.failed', confidence: 0.95 });
    expect(of('EREFUSED')).toMatchObject({ type: 'dns.failed', confidence: 0.95 });
    expect(of('ECONNREFUSED')).toMatchObject({ type: 'dns.unreachable', confidence: 0.95 });
    expect(of('ETIMEOUT', true)).toMatchObject({ type: 'dns.unreachable', kind: 'dns', confidence: 0.95 });
    expect(of('ENOTFOUND')).toMatchObject({ type: 'dns.failed', confidence: 0.9 });
    const slow = { ...NAME, type: 'dns.unreachable' };
    expect(refine(slow, 'name', probed({ stage: 'lookup', isSilent: false, code: 'ESERVFAIL' }))).toMatchObject({
      type: 'dns.unreachable',
    });
  });
});

describe('the probe of the way', () => {
  const to = (port: number, scheme = 'https') => goTheWay({ host: '127.0.0.1', port, scheme, onlyName: false }, never);

  it('says where nothing answers the handshake, where it is refused, and that the way is free', async () => {
    const mute = await onConnect(() => undefined);
    expect(await to(mute, 'http')).toMatchObject({ stage: 'through' });
    expect(await to(mute)).toMatchObject({ stage: 'handshake', isSilent: true });
    expect(await to(await closedPort())).toMatchObject({ stage: 'connect', isSilent: false, code: 'ECONNREFUSED' });
    expect(await to(await onConnect((s) => s.destroy()))).toMatchObject({ stage: 'handshake', isSilent: false });
    expect(await to(await tls(makeCertificates().expired))).toMatchObject({ stage: 'through' });
  });

  it('asks the name servers themselves, and tells refusal, failure and silence', async () => {
    const server = createSocket('udp4');
    let code: number | undefined;
    server.on('message', (question, { port, address }) => {
      if (code === undefined) return;
      const answer = Buffer.from(question);
      answer.writeUInt16BE(0x8180 | code, 2);
      server.send(answer, port, address);
    });
    await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const ask = () => goTheWay({ host: 'a.example', port: 443, scheme: 'https', onlyName: true }, never, [`127.0.0.1:${port}`]);
    code = 2;
    expect(await ask()).toEqual({ stage: 'lookup', isSilent: false, code: 'ESERVFAIL' });
    code = 5;
    expect(await ask()).toEqual({ stage: 'lookup', isSilent: false, code: 'EREFUSED' });
    code = undefined;
    expect(await ask()).toMatchObject({ stage: 'lookup', isSilent: true });
    await new Promise<void>((resolve) => server.close(() => resolve()));
    expect(await ask()).toMatchObject({ stage: 'lookup', isSilent: false, code: 'ECONNREFUSED' });
  });

  function counting(mayProbe = true) {
    const clock = { nowMs: 0 };
    const gone: { host: string; signal: AbortSignal; end: (probed: WayProbed) => void }[] = [];
    const way = makeWayProbe(
      () => clock.nowMs,
      () => Promise.resolve(mayProbe),
      ({ host }, signal) =>
        new Promise((end, reject) => {
          gone.push({ host, signal, end });
          signal.addEventListener('abort', () => reject(new Error('cancelled')));
        }),
    );
    return { clock, gone, way, ask: (host: string) => way.probe({ host, port: 443, scheme: 'https', onlyName: false }) };
  }

  it('goes one way per host and minute, six per hour, and once for failures at the same time', async () => {
    const { clock, gone, ask } = counting();
    const asked = [ask('a.example'), ask('a.example')];
    expect(await ask('b.example')).toBeUndefined();
    gone[0]?.end(probed({}));
    expect(await Promise.all(asked)).toEqual([probed({}), probed({})]);
    expect(await ask('a.example')).toBeUndefined();
    for (let minute = 1; minute <= 9; minute++) {
      clock.nowMs = minute * 60_000;
      const next = ask('a.example');
      await Promise.resolve();
      gone.at(-1)?.end(probed({}));
      await next;
    }
    expect(gone).toHaveLength(6);
  });

  it('is cancelled when the host answers, or nobody waits any more', async () => {
    const { gone, way, ask } = counting();
    const asked = ask('a.example');
    await Promise.resolve();
    way.cancel('b.example');
    expect(gone[0]?.signal.aborted).toBe(false);
    way.cancel('a.example');
    expect(await asked).toBeUndefined();
    const other = counting();
    const waiting = other.ask('a.example');
    other.way.cancel();
    expect(await waiting).toBeUndefined();
  });

  it('does not go where a signed configuration leaves no probes', async () => {
    const { gone, ask } = counting(false);
    expect(await ask('a.example')).toBeUndefined();
    expect(gone).toEqual([]);
  });
});
