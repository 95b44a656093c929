import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { insertFromFile, splitInsert } from '../../../storage/src/owner/insert-statement.js';

describe('an INSERT that carries data', () => {
  test('is split before FORMAT, the data that follows aside', () => {
    expect(splitInsert('INSERT INTO t (a, b) FORMAT JSONEachRow\n{"a":1}\n\n{"a":2}\n')).toEqual({
      head: 'INSERT INTO t (a, b) ',
      settings: '',
      format: 'JSONEachRow',
      inlineData: '{"a":1}\n\n{"a":2}\n',
    });
  });

  test('is split before SETTINGS, which go after the file', () => {
    const statement = splitInsert("insert into t settings async_insert=0, insert_deduplication_token='a SETTINGS b' format CSV");
    expect(statement).toEqual({
      head: 'insert into t ',
      settings: "settings async_insert=0, insert_deduplication_token='a SETTINGS b' ",
      format: 'CSV',
      inlineData: '',
    });
    if (statement === null) return;
    expect(insertFromFile(statement, 'abc')).toBe(
      "insert into t  FROM INFILE 'abc' COMPRESSION 'none' settings async_insert=0, insert_deduplication_token='a SETTINGS b'  FORMAT CSV",
    );
  });

  test('with VALUES keeps the values as data', () => {
    expect(splitInsert("INSERT INTO t VALUES ('a\n\nb')")).toEqual({
      head: 'INSERT INTO t ',
      settings: '',
      format: 'Values',
      inlineData: " ('a\n\nb')",
    });
  });

  test('is found behind comments, quoted names and columns named like keywords', () => {
    expect(splitInsert('-- SELECT\n/* WITH */ INSERT INTO `se``lect`.`FORMAT` (`values`, format, "select") FORMAT RowBinary')?.format).toBe(
      'RowBinary',
    );
  });

  test('has its data whole, whatever the data is', () => {
    fc.assert(
      fc.property(fc.string(), (data) => {
        expect(splitInsert(`INSERT INTO t FORMAT TSV\n${data}`)?.inlineData).toBe(data);
      }),
    );
  });
});

describe('any other statement', () => {
  test.each([
    'SELECT 1',
    'INSERT INTO t SELECT * FROM s FORMAT JSON',
    'INSERT INTO t WITH 1 AS a SELECT a',
    "INSERT INTO t FROM INFILE 'x' FORMAT CSV",
    'CREATE TABLE insert (a UInt8) ENGINE = Memory',
    "SELECT 'INSERT INTO t FORMAT CSV'",
    '',
    'INSERT INTO t',
    'INSERT INTO t FORMAT',
  ])('is left as it is: %s', (sql) => {
    expect(splitInsert(sql)).toBeNull();
  });

  test('of any text neither throws nor hangs', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void splitInsert(`INSERT ${text}`)));
  });
});
