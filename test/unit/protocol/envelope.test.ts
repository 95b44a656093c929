import { checkDay, DAY_MS, parseHeader, utcDay } from '@outcry/protocol';
import { describe, expect, it } from 'vitest';

const coded = (code: string) => expect.objectContaining({ name: 'OutcryError', code });

function envelope(size = 424, change: Record<number, number> = {}): Uint8Array {
  const bytes = new Uint8Array(size).map((_, index) => index);
  for (const [index, value] of Object.entries({ 0: 1, 1: 1, 2: 0, 3: 1, ...change })) bytes[Number(index)] = value;
  return bytes;
}

describe('parseHeader', () => {
  it('reads every field at its offset', () => {
    expect(parseHeader(envelope(424, { 8: 0x50, 9: 0xed, 1: 2, 2: 1 }))).toEqual({
      version: 1,
      suite: 2,
      content: 1,
      schema: 1,
      keyId: Uint8Array.of(4, 5, 6, 7),
      envelopeId: Uint8Array.from({ length: 16 }, (_, i) => (i === 0 ? 0x50 : i === 1 ? 0xed : i + 8)),
      day: 20_717,
      ephemeral: Uint8Array.from({ length: 32 }, (_, i) => i + 24),
      signer: Uint8Array.from({ length: 32 }, (_, i) => i + 56),
    });
  });

  it('reads an envelope that begins in the middle of a larger buffer', () => {
    const whole = new Uint8Array(1000);
    whole.set(envelope(), 100);
    expect(parseHeader(whole.subarray(100, 524)).ephemeral[0]).toBe(24);
  });

  it.each([0, 1, 87, 88, 151, 152, 168, 423])('refuses %d bytes as too small', (size) => {
    expect(() => parseHeader(envelope(size))).toThrow(coded('envelope_too_small'));
  });

  it('takes the largest envelope of 60 KiB and refuses one byte more than that', () => {
    const largest = 152 + 16 + 239 * 256;
    expect(largest).toBeLessThanOrEqual(60 * 1024);
    expect(() => parseHeader(envelope(largest))).not.toThrow();
    expect(() => parseHeader(envelope(60 * 1024 + 1))).toThrow(coded('envelope_too_large'));
    expect(() => parseHeader(envelope(largest + 256))).toThrow(coded('envelope_too_large'));
  });

  it('refuses every length that is not a multiple of 256 and the tag', () => {
    for (let size = 425; size < 424 + 256; size++) expect(() => parseHeader(envelope(size))).toThrow(coded('bad_length'));
    expect(() => parseHeader(envelope(680))).not.toThrow();
  });

  it.each([
    [0, [0, 2, 255], 'unsupported_version'],
    [1, [0, 3, 255], 'unsupported_suite'],
    [2, [2, 255], 'unsupported_content'],
    [3, [0, 2, 255], 'unsupported_schema'],
  ] as const)('refuses unknown values of byte %d', (index, values, code) => {
    for (const value of values) expect(() => parseHeader(envelope(424, { [index]: value }))).toThrow(coded(code));
  });
});

describe('checkDay', () => {
  const nowMs = Date.UTC(2026, 10, 22, 23, 59, 59);
  const today = utcDay(nowMs);

  it.each([0, 1, 7, 8])('takes an envelope sealed %d days ago', (days) => {
    expect(() => checkDay({ day: today - days }, nowMs)).not.toThrow();
  });

  it('takes one of a clock that is a day ahead', () => {
    expect(() => checkDay({ day: today + 1 }, nowMs)).not.toThrow();
  });

  it.each([-9, 2, -today, 65_535 - today])('refuses one of day %d from today', (days) => {
    expect(() => checkDay({ day: today + days }, nowMs)).toThrow(coded('stale_envelope'));
  });

  it('counts whole UTC days', () => {
    expect(utcDay(0)).toBe(0);
    expect(utcDay(DAY_MS - 1)).toBe(0);
    expect(utcDay(Date.UTC(2026, 10, 22))).toBe(20_779);
  });
});
