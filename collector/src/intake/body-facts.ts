/** The few values of a decoded body that the intake looks at, found by their places in the field tables, and the body as it may be kept. */
import { ATTEMPT_FIELDS, CONTEXT_FIELDS, DELIVERY_FIELDS, FAILURE_FIELDS, type Field } from '@outcry/protocol';
import type { BodyFacts, BodyValues, Values } from '@outcry/protocol/open';

const placeOf = (name: string, fields: readonly Field[]): number => fields.findIndex((field) => field.name === name);
const PROJECT = placeOf('project', CONTEXT_FIELDS);
const RELEASE = placeOf('release', CONTEXT_FIELDS);
const FAILED_HOST = placeOf('host', FAILURE_FIELDS);
const ROUTE = placeOf('route', FAILURE_FIELDS);
const ATTEMPTED_HOST = placeOf('host', ATTEMPT_FIELDS);
const SENT_AT = placeOf('sent_at', DELIVERY_FIELDS);

/** The facts that `skimBody` finds in bytes, of values that `decodeValues` gave. */
export function factsOf(values: BodyValues): BodyFacts {
  const { failures, attempts, deliveries, losses, consents } = values;
  const texts = (records: readonly Values[], place: number): string[] => records.map((record) => record[place] as string);
  const failedHosts = new Set(texts(failures, FAILED_HOST));
  return {
    sealedAt: values.sealedAt,
    project: values.context[PROJECT] as string,
    release: values.context[RELEASE] as string,
    hosts: [...new Set([...failedHosts, ...texts(attempts, ATTEMPTED_HOST)])],
    failedHosts: failedHosts.size,
    routes: [...new Set((failures.map((failure) => failure[ROUTE]) as (string | null)[]).filter((route) => route !== null))],
    sentAt: deliveries.map((delivery) => delivery[SENT_AT] as number),
    failures: failures.length,
    others: attempts.length + deliveries.length + losses.length + consents.length,
  };
}

/** Whether all of a body may be kept as it is. */
export function isAllKept({ release, routes }: BodyFacts, keptRelease: string, knownRoutes: ReadonlySet<string> | undefined): boolean {
  return release === keptRelease && (knownRoutes === undefined || routes.every((route) => knownRoutes.has(route)));
}

/**
 * The body as it may be kept: under this release, and only with routes that are known.
 *
 * @param knownRoutes - undefined keeps every route.
 */
export function keepKnown(values: BodyValues, release: string, knownRoutes: ReadonlySet<string> | undefined): BodyValues {
  const keep = (failure: Values): Values => {
    const route = failure[ROUTE] as string | null;
    return route === null || knownRoutes === undefined || knownRoutes.has(route) ? failure : failure.with(ROUTE, null);
  };
  return { ...values, context: values.context.with(RELEASE, release), failures: values.failures.map(keep) };
}
