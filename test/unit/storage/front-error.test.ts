import { describe, expect, test } from 'vitest';
import { codeOf, FrontError, statusOf } from '../../../storage/src/owner/front-error.js';

describe('errors of the front', () => {
  test('have the form of which the client reads the code', () => {
    const error = new FrontError(202, 'TOO_MANY_SIMULTANEOUS_QUERIES', 'too many');
    expect(error.message).toBe('Code: 202. DB::Exception: too many. (TOO_MANY_SIMULTANEOUS_QUERIES)');
    expect(codeOf(error.message)).toBe(202);
  });

  test('answer 503 where the engine did not speak', () => {
    expect([202, 60, 241, undefined].map(statusOf)).toEqual([503, 404, 500, 503]);
  });
});
