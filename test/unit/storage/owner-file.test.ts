import { describe, expect, test } from 'vitest';
import { ownerFile } from '../../../storage/src/owner-file.js';

describe('the file of the owner process', () => {
  test('is not found in a room that is not built', () => {
    expect(() => ownerFile('file:///nowhere/src/owner-file.ts')).toThrow(/not built/);
  });
});
