/** Apps in Chromium and Firefox: each a browser context with a window of its own. */
import type { Browser, BrowserContext, Page } from 'puppeteer-core';
import type { App, AppPage, StartedBrowser } from './app.js';
import { launchBrowser } from './browser.js';
import type { LaunchedName } from './browser.js';
import { makeBlocker } from './extension.js';

/** Puppeteer's own types look into the arguments, for handles; none are passed here. */
const pageOf = (page: Page): AppPage => ({
  evaluate: <A extends unknown[], R>(run: (...args: A) => R | Promise<R>, ...args: A) =>
    page.evaluate(run as (...args: unknown[]) => unknown, ...args) as Promise<R>,
  goto: (url) => page.goto(url),
  reload: () => page.reload(),
});

function appOf(browser: Browser, context: BrowserContext, page: Page, end: () => Promise<void>): App {
  async function openTab(): Promise<Page> {
    // Firefox opens a tab in the window that was in front last.
    await page.bringToFront();
    return context.newPage({ type: 'tab' });
  }
  return {
    page: pageOf(page),
    pid: browser.process()?.pid,
    async closePage(elsewhere) {
      const other = await openTab();
      await page.close({ runBeforeUnload: true });
      await other.goto(elsewhere);
      return pageOf(other);
    },
    async hidePage(elsewhere) {
      const other = await openTab();
      await other.bringToFront();
      await other.goto(elsewhere);
    },
    drop: () => page.close(),
    end,
  };
}

/** Starts the browser; its apps trust the authority. */
export async function startLaunched(name: LaunchedName, authorityFile: string): Promise<StartedBrowser> {
  const browser = await launchBrowser(name, authorityFile);
  return {
    async open(blocker) {
      // An extension needs a browser of its own.
      if (blocker) {
        const own = await launchBrowser(name, authorityFile);
        await own.installExtension(makeBlocker());
        const context = own.defaultBrowserContext();
        return appOf(own, context, await context.newPage(), () => own.close());
      }
      const context = await browser.createBrowserContext();
      // A page of its own window, so that it is in the foreground there.
      return appOf(browser, context, await context.newPage({ type: 'window' }), () => context.close());
    },
    end: () => browser.close(),
  };
}
