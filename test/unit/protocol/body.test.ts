import { encodeBody, validateBody, type ReportBody } from '@outcry/protocol';
import { decodeBody } from '@outcry/protocol/open';
import { Encoder } from 'cbor-x';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyBody, sampleBody, sampleFailure } from './sample-body.js';

const cborx = new Encoder({ useRecords: false });

describe('encodeBody', () => {
  it('gives back any valid body through cbor-x and through cborg', () => {
    fc.assert(
      fc.property(anyBody, (body) => {
        const bytes = encodeBody(body);
        expect(validateBody(cborx.decode(bytes))).toEqual({ body, unknownFields: 0 });
        expect(decodeBody(bytes)).toEqual({ body, unknownFields: 0 });
      }),
      { numRuns: 200 },
    );
  });

  it('puts records into positional arrays without a single name', () => {
    const text = Buffer.from(encodeBody(sampleBody)).toString('latin1');
    expect(text).not.toContain('occurred_at');
    expect((cborx.decode(encodeBody(sampleBody)) as unknown[]).every((item) => typeof item === 'number' || Array.isArray(item))).toBe(true);
  });

  it('brings numbers into their bounds, so that one extreme value does not lose the envelope', () => {
    const wild = { ...sampleFailure, elapsed_ms: 1e12, count: 0, span_s: -3, confidence_pct: Number.NaN, occurred_at: 12.7 };
    const { body } = decodeBody(encodeBody({ ...sampleBody, sealed_at: 1.5, failures: [wild] }));
    expect(body.sealed_at).toBe(1);
    expect(body.failures[0]).toMatchObject({ elapsed_ms: 1_000_000, count: 1, span_s: 0, confidence_pct: 0, occurred_at: 12 });
  });

  it('writes a choice outside its table as index 0', () => {
    const odd = { ...sampleBody, failures: [{ ...sampleFailure, method: 'BREW' }] } as unknown as ReportBody;
    expect(decodeBody(encodeBody(odd)).body.failures[0]?.method).toBe('other');
  });
});
