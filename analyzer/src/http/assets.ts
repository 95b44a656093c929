import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Router } from 'express';

const PUBLIC = fileURLToPath(new URL('../../public/', import.meta.url));

/** Style, the chart script and uPlot's own files, each as a static file of this origin. */
export function assetRoutes(): Router {
  const uplot = dirname(createRequire(import.meta.url).resolve('uplot'));
  const router = Router();
  const files: Readonly<Record<string, string>> = {
    'outcry.css': join(PUBLIC, 'outcry.css'),
    'chart.js': join(PUBLIC, 'chart.js'),
    'icon.svg': join(PUBLIC, 'icon.svg'),
    'uplot.js': join(uplot, 'uPlot.iife.min.js'),
    'uplot.css': join(uplot, 'uPlot.min.css'),
  };
  for (const [name, path] of Object.entries(files)) {
    router.get(`/${name}`, (_request, response) => response.sendFile(path, { maxAge: 300_000, dotfiles: 'allow' }));
  }
  return router;
}
