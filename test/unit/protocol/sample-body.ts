/** A body that uses every section, and arbitraries that make any valid one out of the field tables. */
import fc from 'fast-check';
import {
  ATTEMPT_FIELDS,
  CONSENT_FIELDS,
  CONTEXT_FIELDS,
  DELIVERY_FIELDS,
  FAILURE_FIELDS,
  HOST_PATTERN,
  LOSS_FIELDS,
  type Failure,
  type Field,
  type ReportBody,
} from '@outcry/protocol';

export const sampleFailure: Failure = {
  occurred_at: 1_790_000_000,
  host: 'api.shop.example',
  scheme: 'https',
  method: 'POST',
  resource: 'fetch',
  route: 'checkout',
  phase: 'connection',
  type: 'tcp.timed_out',
  kind: 'routing',
  confidence_pct: 80,
  elapsed_ms: 20_000,
  status_code: 0,
  protocol: 'h2',
  online: true,
  connection: 'wifi',
  claimed_asn: 3320,
  claimed_country: 'DE',
  claim_age: '<1h',
  count: 3,
  span_s: 40,
  sampling_ppm: 1_000_000,
};

export const sampleBody: ReportBody = {
  sealed_at: 1_790_000_005,
  context: {
    source: 'sdk-browser',
    project: 'shop',
    release: '4.2.1',
    runtime: 'firefox',
    runtime_major: 153,
    os: 'linux',
    sdk_version: '0.1.0',
    diagnosis_version: 1,
    consent_text: 'v3',
    consent_method: 'dialog',
  },
  failures: [sampleFailure, { ...sampleFailure, occurred_at: 1_790_000_010, route: null, type: 'dns.failed', kind: 'dns', phase: 'dns' }],
  attempts: [{ host: 'api.shop.example', bin_start: 1_789_999_800, made: 12, succeeded: 9, failed: 2, aborted: 1, panel_ppm: 1_000_000 }],
  deliveries: [
    {
      sent_at: 1_789_999_990,
      collector: 'c1.example.net',
      failed_collectors: ['c2.example.org', '[2001:db8::7]'],
      tries: '2-9',
      later_retry: 'worked',
    },
  ],
  losses: [{ reason: 'queue_full', bucket: '10-99' }],
  consents: [{ text: 'v3', text_hash: '47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU', method: 'dialog', granted_day: 20_717 }],
};

function valueOf(field: Field): fc.Arbitrary<unknown> {
  switch (field.type) {
    case 'uint':
      return fc.integer({ min: field.min, max: field.max });
    case 'bool':
      return fc.boolean();
    case 'choice':
      return fc.constantFrom(...field.values);
    case 'text?':
      return fc.option(textOf(field.pattern, field.maxLength), { nil: null });
    case 'text':
      return textOf(field.pattern, field.maxLength);
    case 'texts':
      return fc.array(textOf(field.pattern, field.maxLength), { maxLength: field.maxItems });
  }
}

function textOf(pattern: RegExp, maxLength: number): fc.Arbitrary<string> {
  const text =
    pattern === HOST_PATTERN
      ? fc.oneof(fc.domain(), fc.constantFrom('localhost', '192.0.2.7', '[2001:db8::1]'))
      : fc.stringMatching(pattern);
  return text.filter((candidate) => candidate.length <= maxLength && pattern.test(candidate));
}

const recordOf = (fields: readonly Field[]) =>
  fc.record(Object.fromEntries(fields.map((field) => [field.name, valueOf(field)])), { noNullPrototype: true });
const listOf = (fields: readonly Field[]) => fc.array(recordOf(fields), { maxLength: 3 });

/** Any valid body. */
export const anyBody = fc.record(
  {
    sealed_at: fc.integer({ min: 0, max: 0xffffffff }),
    context: recordOf(CONTEXT_FIELDS),
    failures: listOf(FAILURE_FIELDS),
    attempts: listOf(ATTEMPT_FIELDS),
    deliveries: listOf(DELIVERY_FIELDS),
    losses: listOf(LOSS_FIELDS),
    consents: listOf(CONSENT_FIELDS),
  },
  { noNullPrototype: true },
) as unknown as fc.Arbitrary<ReportBody>;
