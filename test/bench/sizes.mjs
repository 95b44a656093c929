/**
 * How many bytes an app ships for each SDK: a smallest working start of each, bundled and minified by the same bundler
 * (esbuild, ES2022, production conditions), gzip -9. The others do more than Outcry; the point is what a page pays.
 */
import { gzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { packageVersion, printTable } from './machine.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

const STARTS = [
  {
    name: '@outcry/browser',
    source: `import { init } from '@outcry/browser';
      init({ project: 'shop', release: '1', hosts: ['api.shop.example'], collectors: ['https://c1.example.net'], recipientKey: 'k' });`,
  },
  {
    name: '@outcry/browser + /consent',
    source: `import { init } from '@outcry/browser'; import '@outcry/browser/consent';
      init({ project: 'shop', release: '1', hosts: ['api.shop.example'], collectors: ['https://c1.example.net'], recipientKey: 'k' });`,
  },
  { name: '@sentry/browser', version: '@sentry/browser', source: `import * as Sentry from '@sentry/browser'; Sentry.init({ dsn: 'https://k@o0.ingest.sentry.io/0' });` },
  {
    name: '@grafana/faro-web-sdk',
    version: '@grafana/faro-web-sdk',
    source: `import { initializeFaro } from '@grafana/faro-web-sdk'; initializeFaro({ url: 'https://c.example', app: { name: 'shop', version: '1' } });`,
  },
  {
    name: '@opentelemetry/sdk-trace-web + fetch + OTLP',
    version: '@opentelemetry/sdk-trace-web',
    source: `import { WebTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-web';
      import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
      import { registerInstrumentations } from '@opentelemetry/instrumentation';
      import { FetchInstrumentation } from '@opentelemetry/instrumentation-fetch';
      new WebTracerProvider({ spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())] }).register();
      registerInstrumentations({ instrumentations: [new FetchInstrumentation()] });`,
  },
];

async function bundledBytes(source) {
  const result = await build({
    stdin: { contents: source, resolveDir: root },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    splitting: true,
    outdir: 'out',
    target: 'es2022',
    platform: 'browser',
    legalComments: 'none',
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'error',
    metafile: true,
  });
  // Only what the page loads at once counts: chunks behind import() are left out.
  const eager = new Set();
  const visit = (path) => {
    if (eager.has(path)) return;
    eager.add(path);
    for (const { path: next, kind } of result.metafile.outputs[path].imports) if (kind === 'import-statement') visit(next);
  };
  visit(Object.keys(result.metafile.outputs).find((path) => result.metafile.outputs[path].entryPoint !== undefined));
  const files = result.outputFiles.filter(({ path }) => [...eager].some((name) => path.endsWith(name)));
  return files.reduce((sum, { contents }) => ({ raw: sum.raw + contents.length, gzip: sum.gzip + gzipSync(contents, { level: 9 }).length }), { raw: 0, gzip: 0 });
}

export async function benchSizes() {
  console.log(`\nBundle sizes, eager part (esbuild ${packageVersion('esbuild')}, minified, gzip -9)`);
  const rows = [['start', 'version', 'raw B', 'gzip B', '÷ outcry']];
  let ours;
  for (const { name, version, source } of STARTS) {
    const { raw, gzip } = await bundledBytes(source);
    ours ??= gzip;
    rows.push([name, version === undefined ? 'this tree' : packageVersion(version), raw, gzip, (gzip / ours).toFixed(1)]);
  }
  printTable(rows);
}
