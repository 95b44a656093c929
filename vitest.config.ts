import { defineConfig } from 'vitest/config';

const root = new URL('.', import.meta.url).pathname;
const source = (room: string, file = 'index'): string => `${root}${room}/src/${file}.ts`;

/** Tests read the rooms' sources, so that a unit test never runs against a stale build. */
const alias = [
  { find: /^@outcry\/protocol\/(.+)$/, replacement: `${root}protocol/src/$1.ts` },
  { find: /^@outcry\/browser\/(.+)$/, replacement: `${root}sdk-browser/src/$1.ts` },
  { find: /^outcry-example-shop\/(.+)$/, replacement: `${root}examples/shop/src/$1.ts` },
  { find: 'outcry-example-shop', replacement: source('examples/shop') },
  { find: '@outcry/protocol', replacement: source('protocol') },
  { find: '@outcry/core', replacement: source('sdk-core') },
  { find: '@outcry/browser', replacement: source('sdk-browser') },
  { find: '@outcry/node', replacement: source('sdk-node') },
  { find: '@outcry/storage', replacement: source('storage') },
  { find: '@outcry/collector', replacement: source('collector') },
  { find: '@outcry/analyzer', replacement: source('analyzer') },
];

const project = (name: string, options: object = {}) => ({
  resolve: { alias },
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    // What failed is told whole: a log is often all that is left of a run.
    chaiConfig: { truncateThreshold: 2_000 },
    // What is waited for may take its time on a busy machine; what never comes fails before the test's own limit.
    expect: { poll: { timeout: 15_000 } },
    ...options,
  },
});

export default defineConfig({
  test: {
    projects: [
      project('unit', { testTimeout: 60_000 }),
      project('wire', { testTimeout: 60_000 }),
      project('dom', { environment: 'jsdom', setupFiles: ['test/dom/setup.ts'], testTimeout: 60_000 }),
      project('hostile', { testTimeout: 60_000 }),
      project('scenario', { testTimeout: 240_000, hookTimeout: 240_000, fileParallelism: false }),
      project('lab', { testTimeout: 20_000, hookTimeout: 400_000, fileParallelism: false }),
      project('browser', { testTimeout: 120_000, hookTimeout: 120_000, fileParallelism: false }),
    ],
  },
});
