import type { Field } from '@outcry/protocol';

/** `value` if the field's table knows it, else the table's first word. */
export function oneOf(table: readonly Field[], name: string, value: string): string {
  const field = table.find((each) => each.name === name) as Extract<Field, { type: 'choice' }>;
  return field.values.includes(value) ? value : (field.values[0] as string);
}
