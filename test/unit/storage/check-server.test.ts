import { describe, expect, test } from 'vitest';
import { isOlder } from '../../../storage/src/check-server.js';

describe('versions of ClickHouse', () => {
  test.each([
    ['24.8.1.1', false],
    ['24.7.9.9', true],
    ['24.12.1', false],
    ['9.9', true],
    ['26.7.2.1', false],
    ['nonsense', true],
  ])('%s is older than 24.8: %s', (version, expected) => {
    expect(isOlder(version, '24.8')).toBe(expected);
  });
});
