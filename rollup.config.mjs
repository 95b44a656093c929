/**
 * Bundles the two SDK packages from what `tsc -b` wrote: ESM, CommonJS and rolled-up types, with the private rooms (`@outcry/core`,
 * `@outcry/protocol`) inside; npm dependencies of a package stay outside. The script-tag files hold everything and are minified.
 */
import { readFileSync } from 'node:fs';
import commonjs from '@rollup/plugin-commonjs';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import terser from '@rollup/plugin-terser';
import dts from 'rollup-plugin-dts';

const ours = /^@outcry\/(core|protocol)(\/|$)/;

function externalOf(room) {
  const { dependencies = {} } = JSON.parse(readFileSync(`${room}/package.json`, 'utf8'));
  const names = Object.keys(dependencies);
  return (id) => id.startsWith('node:') || names.some((name) => id === name || id.startsWith(`${name}/`));
}

const minified = (module) => terser({ ecma: 2022, module, compress: { passes: 2 }, format: { comments: false } });

const resolving = (browser) => [nodeResolve({ browser, exportConditions: browser ? ['browser'] : ['node'] }), commonjs()];

/**
 * ESM, CommonJS and types of one package.
 *
 * @param whole - Each format in one file, for a place that may load nothing later.
 */
function packageBundles(room, entries, { browser, whole = false }) {
  const input = (extension) => Object.fromEntries(entries.map((entry) => [entry, `${room}/build/${entry}${extension}`]));
  const external = externalOf(room);
  const output = (format, extension) => ({
    dir: `${room}/dist`,
    format,
    sourcemap: true,
    exports: 'named',
    inlineDynamicImports: whole,
    entryFileNames: `[name]${extension}`,
    chunkFileNames: `[name]${extension}`,
  });
  const types = (extension) => ({
    dir: `${room}/dist`,
    format: 'es',
    entryFileNames: `[name].d${extension}`,
    chunkFileNames: `[name].d${extension}`,
  });
  return [
    { input: input('.js'), external, plugins: resolving(browser), output: [output('es', '.js'), output('cjs', '.cjs')] },
    {
      input: input('.d.ts'),
      external,
      plugins: [nodeResolve({ extensions: ['.d.ts'], exportConditions: ['types'], resolveOnly: [ours] }), dts({ includeExternal: [ours] })],
      output: [types('.ts'), types('.cts')],
    },
  ];
}

/** One classic script with everything in it, as one global. */
function script(entry, file, name) {
  return {
    input: `sdk-browser/build/${entry}.js`,
    plugins: resolving(true),
    output: {
      file: `sdk-browser/dist/${file}`,
      format: 'iife',
      name,
      exports: 'named',
      sourcemap: true,
      inlineDynamicImports: true,
      plugins: [minified(false)],
    },
  };
}

/** What a page loads of the ESM build, minified: only to measure it, never published. */
function sizes() {
  return {
    input: { index: 'sdk-browser/build/index.js', consent: 'sdk-browser/build/consent.js' },
    plugins: resolving(true),
    output: {
      dir: 'sdk-browser/build/min',
      format: 'es',
      entryFileNames: '[name].js',
      chunkFileNames: '[name].js',
      plugins: [minified(true)],
    },
  };
}

export default [
  ...packageBundles('sdk-browser', ['index', 'fallback', 'consent', 'sent'], { browser: true }),
  // A service worker loads what it needs at once or never: import() is forbidden there.
  ...packageBundles('sdk-browser', ['worker'], { browser: true, whole: true }),
  sizes(),
  script('iife', 'outcry.iife.js', 'outcry'),
  script('consent', 'outcry-consent.iife.js', 'outcryConsent'),
  script('fallback', 'outcry-fallback.iife.js', 'outcryFallback'),
  script('worker', 'outcry-worker.iife.js', 'outcryWorker'),
  ...packageBundles('sdk-node', ['index'], { browser: false }),
];
