import type { Field } from '@outcry/protocol';

/** `value` if the field's table knows it, else the table's first word. */
export function oneOf<T>(table: readonly Field[], name: string, value: string): T {
  const field = table.find((each) => each.name === name) as Extract<Field, { type: 'choice' }>;
  return (field.values.includes(value) ? value : field.values[0]) as T;
}
