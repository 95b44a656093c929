/** The few values of a body that the intake looks at, found by their places in the field tables. */
import { ATTEMPT_FIELDS, CONTEXT_FIELDS, DELIVERY_FIELDS, FAILURE_FIELDS, type Field } from '@outcry/protocol';
import type { BodyValues, Values } from '@outcry/protocol/open';

const place = (name: string, fields: readonly Field[]): number => fields.findIndex((field) => field.name === name);
const PROJECT = place('project', CONTEXT_FIELDS);
const RELEASE = place('release', CONTEXT_FIELDS);
const FAILED_HOST = place('host', FAILURE_FIELDS);
const ROUTE = place('route', FAILURE_FIELDS);
const ATTEMPTED_HOST = place('host', ATTEMPT_FIELDS);
const SENT_AT = place('sent_at', DELIVERY_FIELDS);

export const projectOf = ({ context }: BodyValues): string => context[PROJECT] as string;
export const releaseOf = ({ context }: BodyValues): string => context[RELEASE] as string;

/** The hosts of every failure and every bin of attempts. */
export function hostsOf({ failures, attempts }: BodyValues): string[] {
  const hosts = failures.map((failure) => failure[FAILED_HOST] as string);
  for (const bin of attempts) hosts.push(bin[ATTEMPTED_HOST] as string);
  return hosts;
}

/** When earlier envelopes were taken, by the device's clock. */
export const deliveredAt = ({ deliveries }: BodyValues): { readonly sent_at: number }[] =>
  deliveries.map((delivery) => ({ sent_at: delivery[SENT_AT] as number }));

/**
 * The body as it may be kept: under this release, and only with routes that are known.
 *
 * @param routes - undefined keeps every route.
 * @returns the same object when nothing had to change.
 */
export function keepKnown(values: BodyValues, release: string, routes: ReadonlySet<string> | undefined): BodyValues {
  const isKnown = (failure: Values): boolean => {
    const route = failure[ROUTE] as string | null;
    return route === null || routes === undefined || routes.has(route);
  };
  const sameRelease = release === releaseOf(values);
  const allKnown = values.failures.every(isKnown);
  if (sameRelease && allKnown) return values;
  return {
    ...values,
    context: sameRelease ? values.context : values.context.with(RELEASE, release),
    failures: allKnown ? values.failures : values.failures.map((failure) => (isKnown(failure) ? failure : failure.with(ROUTE, null))),
  };
}
