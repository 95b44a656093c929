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
  {
    name: '@sentry/browser',
    version: '@sentry/browser',
    source: `import * as Sentry from '@sentry/browser'; Sentry.init({ dsn: 'https://k@o0.ingest.sentry.io/0' });`,
  },
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
  const outputs = result.metafile.outputs;
  const entry = Object.keys(outputs).find((path) => outputs[path].entryPoint !== undefined);
  const reach = (kinds) => {
    const found = new Set();
    const visit = (path) => {
      if (found.has(path)) return;
      found.add(path);
      for (const next of outputs[path].imports) if (kinds.includes(next.kind)) visit(next.path);
    };
    visit(entry);
    return found;
  };
  const atOnce = reach(['import-statement']);
  const all = reach(['import-statement', 'dynamic-import']);
  const isNacl = (path) => Object.keys(outputs[path].inputs).some((input) => /nacl|fallback/.test(input));
  const later = [...all].filter((path) => !atOnce.has(path) && !isNacl(path));
  const gzip = (paths) =>
    result.outputFiles
      .filter(({ path }) => [...paths].some((name) => path.endsWith(name)))
      .reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0);
  return { atOnce: gzip(atOnce), later: gzip(later) };
}

export async function benchSizes() {
  console.log(
    `\nBundle sizes, gzip -9 (esbuild ${packageVersion('esbuild')}, minified; later is loaded when consent is given, where that is apart)`,
  );
  const rows = [['start', 'version', 'at once B', 'later B', 'all ÷ outcry']];
  let ours;
  for (const { name, version, source } of STARTS) {
    const { atOnce, later } = await bundledBytes(source);
    ours ??= atOnce + later;
    rows.push([name, version === undefined ? 'this tree' : packageVersion(version), atOnce, later, ((atOnce + later) / ours).toFixed(1)]);
  }
  printTable(rows);
}
