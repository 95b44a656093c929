import { html } from './html.js';
import type { Html } from './html.js';

export interface PageState {
  /** Why the analyzer cannot see at the moment, in plain words; null while all is well. */
  readonly trouble: string | null;
  /** Time of the last round, RFC 3339; null before the first. */
  readonly asOf: string | null;
}

export interface PageOptions extends PageState {
  readonly title: string;
  readonly body: Html;
  /** Scripts to load after the page, by path; the page must be whole without them. */
  readonly scripts?: readonly string[];
  readonly styles?: readonly string[];
  /** Reload every so many seconds; only when the reader asked for it. */
  readonly refreshS?: number;
}

/** A whole page. */
export function page({ title, body, trouble, asOf, scripts = [], styles = [], refreshS }: PageOptions): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        ${refreshS !== undefined && html`<meta http-equiv="refresh" content="${refreshS}" />`}
        <title>${title} · Outcry</title>
        ${styles.map((href) => html`<link rel="stylesheet" href="${href}" />`)}
        <link rel="stylesheet" href="/assets/outcry.css" />
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml" />
        ${scripts.map((src) => html`<script src="${src}" defer></script>`)}
      </head>
      <body>
        <a class="skip" href="#main">Skip to content</a>
        <header class="top">
          <a class="brand" href="/">Outcry</a>
          <span class="motto">hears from the clients that cannot reach you</span>
        </header>
        ${trouble !== null && html`<p class="trouble" role="status"><strong>Degraded.</strong> ${trouble}</p>`}
        <main id="main">${body}</main>
        <footer>
          <p>
            ${asOf === null ? 'No round of detection has finished yet.' : html`As of <time datetime="${asOf}">${stamp(asOf)}</time>.`}
            Numbers are of clients that opted in. Small groups are not shown.
          </p>
        </footer>
      </body>
    </html> `.text;
}

/** `2026-01-05 14:22:40 UTC` */
export function stamp(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
}
