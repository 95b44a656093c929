/** The one-pass check of a body against the exact one: what it takes, decoding takes too, and finds the same in it. */
import { encodeBody, type ReportBody } from '@outcry/protocol';
import { decodeValues, skimBody } from '@outcry/protocol/open';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { factsOf } from '../../collector/src/intake/body-facts.js';
import { anyBody, sampleBody } from '../unit/protocol/sample-body.js';

const honest = Buffer.from(encodeBody(sampleBody));

/** Checks that a yes of the skim is a yes of the decoder with equal facts. Gives whether it was one. */
function agrees(bytes: Uint8Array): boolean {
  const facts = skimBody(bytes);
  if (facts === undefined) return false;
  const { values, unknownFields } = decodeValues(bytes);
  expect(unknownFields).toBe(0);
  expect(facts).toEqual(factsOf(values));
  return true;
}

describe('skimBody', () => {
  it('takes whatever agents write, and finds its facts', () => {
    fc.assert(
      fc.property(anyBody, (body: ReportBody) => {
        expect(agrees(encodeBody(body))).toBe(true);
      }),
    );
    const full = { ...sampleBody, failures: Array.from({ length: 64 }, () => sampleBody.failures[0] as never) };
    expect(agrees(encodeBody(full))).toBe(true);
    expect(agrees(encodeBody({ ...sampleBody, failures: [], attempts: [], deliveries: [], losses: [], consents: [] }))).toBe(true);
  });

  it('takes nothing that decoding refuses or does not understand: every byte changed in many ways', () => {
    let taken = 0;
    for (let at = 0; at < honest.length; at += 1)
      for (let byte = at % 7; byte < 256; byte += 7) if (agrees(Buffer.from(honest.with(at, byte)))) taken += 1;
    // Numbers and letters may change; heads, bounds and patterns may not.
    expect(taken).toBeGreaterThan(honest.length / 2);
  });

  it('takes nothing that decoding refuses: bytes taken out, put in, and moved', () => {
    fc.assert(
      fc.property(fc.nat(honest.length), fc.nat(12), fc.uint8Array({ maxLength: 12 }), (at, gone, put) => {
        agrees(Buffer.concat([honest.subarray(0, at), put, honest.subarray(at + gone)]));
      }),
      { numRuns: 20_000 },
    );
  });

  it('leaves a body cut anywhere, followed by a byte, or with 65 failures to the decoder', () => {
    for (let size = 0; size < honest.length; size += 1) expect(skimBody(honest.subarray(0, size)), `${size} bytes`).toBeUndefined();
    expect(skimBody(Buffer.concat([honest, Buffer.of(0)]))).toBeUndefined();
    const tooMany = { ...sampleBody, failures: Array.from({ length: 65 }, () => sampleBody.failures[0] as never) };
    expect(skimBody(encodeBody(tooMany))).toBeUndefined();
  });

  it('leaves a body of a newer minor version to the decoder, which counts what it does not know', () => {
    const newer = Buffer.concat([Buffer.of(0x89), honest.subarray(1), Buffer.of(0x01)]);
    expect(skimBody(newer)).toBeUndefined();
    expect(decodeValues(newer).unknownFields).toBe(1);
  });

  it('gives facts that a later body does not change', () => {
    const facts = skimBody(honest);
    const before = structuredClone(facts);
    skimBody(encodeBody({ ...sampleBody, failures: [{ ...sampleBody.failures[0], host: 'other.example' } as never] }));
    expect(facts).toEqual(before);
  });
});
