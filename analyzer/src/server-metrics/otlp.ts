/** OTLP/HTTP metrics, protobuf or JSON. Source: the OpenTelemetry Protocol specification 1.x, "OTLP/HTTP". */
import protobuf from 'protobufjs';
import { z } from 'zod';
import type { PushedSeries } from './pushed.js';

const { root } = protobuf.parse(
  `syntax = "proto3";
   message Request { repeated ResourceMetrics resourceMetrics = 1; }
   message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scopeMetrics = 2; }
   message Resource { repeated KeyValue attributes = 1; }
   message ScopeMetrics { repeated Metric metrics = 2; }
   message Metric { string name = 1; Sum sum = 7; Histogram histogram = 9; }
   message Sum { repeated Point dataPoints = 1; int32 aggregationTemporality = 2; bool isMonotonic = 3; }
   message Histogram { repeated Point2 dataPoints = 1; int32 aggregationTemporality = 2; }
   message Point {
     repeated KeyValue attributes = 7; fixed64 timeUnixNano = 3; oneof value { double asDouble = 4; sfixed64 asInt = 6; } uint32 flags = 8;
   }
   message Point2 { repeated KeyValue attributes = 9; fixed64 timeUnixNano = 3; fixed64 count = 4; uint32 flags = 10; }
   message KeyValue { string key = 1; AnyValue value = 2; }
   message AnyValue { string stringValue = 1; bool boolValue = 2; int64 intValue = 3; double doubleValue = 4; }`,
  { keepCase: true },
);
export const OtlpRequest: protobuf.Type = root.lookupType('Request');

/** The largest nesting of a message is 6; a text that nests deeper is no OTLP. */
const number = z.union([z.number(), z.string()]).transform(Number);
const attribute = z.object({
  key: z.string().default(''),
  value: z
    .object({
      stringValue: z.string().optional(),
      boolValue: z.boolean().optional(),
      intValue: z.union([z.number(), z.string()]).optional(),
      doubleValue: z.number().optional(),
    })
    .optional(),
});
const attributes = z.array(attribute).default([]);
const point = z.object({
  attributes,
  timeUnixNano: number,
  asDouble: number.optional(),
  asInt: number.optional(),
  count: number.optional(),
  flags: number.default(0),
});
const points = z.object({
  dataPoints: z.array(point).default([]),
  aggregationTemporality: z.union([z.number(), z.string()]).optional(),
  isMonotonic: z.boolean().optional(),
});
const requestSchema = z.object({
  resourceMetrics: z
    .array(
      z.object({
        resource: z.object({ attributes }).optional(),
        scopeMetrics: z
          .array(
            z.object({
              metrics: z.array(z.object({ name: z.string(), sum: points.optional(), histogram: points.optional() })).default([]),
            }),
          )
          .default([]),
      }),
    )
    .default([]),
});

/** Bit of a point's flags: nothing was recorded at that time, as when the series ended. */
const NO_RECORDED_VALUE = 1;
const ADDED: readonly unknown[] = [1, 'AGGREGATION_TEMPORALITY_DELTA'];

function labelsOf(list: z.infer<typeof attributes>): Record<string, string> {
  return Object.fromEntries(
    list.map(({ key, value }) => [key, String(value?.stringValue ?? value?.intValue ?? value?.boolValue ?? value?.doubleValue ?? '')]),
  );
}

/**
 * Reads the body of one OTLP export.
 *
 * @param body - As it travelled, inflated. @param type - Its media type.
 * @returns Monotonic sums and the counts of histograms, one entry a point; gauges, points without a value and the rest are ignored. Throws at
 * anything malformed.
 */
export function readOtlp(body: Buffer, type: 'application/x-protobuf' | 'application/json'): PushedSeries[] {
  const value: unknown =
    type === 'application/json' ? JSON.parse(body.toString('utf8')) : OtlpRequest.toObject(OtlpRequest.decode(body), { longs: String });
  return requestSchema.parse(value).resourceMetrics.flatMap(({ resource, scopeMetrics }) => {
    const shared = labelsOf(resource?.attributes ?? []);
    return scopeMetrics.flatMap(({ metrics }) =>
      metrics.flatMap(({ name, sum, histogram }) => {
        const of = histogram ?? (sum?.isMonotonic === true ? sum : undefined);
        return (of?.dataPoints ?? []).flatMap(({ attributes, timeUnixNano, count, asDouble, asInt, flags }): PushedSeries[] => {
          // On the wire a count of 0 is left out, a number of 0 is not.
          const value = histogram === undefined ? (asDouble ?? asInt) : (count ?? 0);
          if (value === undefined || (flags & NO_RECORDED_VALUE) !== 0) return [];
          return [
            {
              name,
              labels: { ...shared, ...labelsOf(attributes) },
              temporality: ADDED.includes(of?.aggregationTemporality) ? 'added' : 'total',
              samples: [{ timeMs: timeUnixNano / 1e6, value }],
            },
          ];
        });
      }),
    );
  });
}
