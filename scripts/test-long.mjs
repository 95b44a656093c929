/** `npm run test:long`: the suites that `npm test` runs in a bounded size, at their full one. Their figures are printed. */
process.env['OUTCRY_LONG'] = '1';
await import('./test.mjs');
