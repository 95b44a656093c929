/** A page driven over WebDriver: the few commands of W3C's protocol that the lab needs. */
import type { AppPage } from './app.js';

export interface DriverSession {
  readonly page: AppPage;
  end(): Promise<void>;
}

interface Answer {
  readonly value: unknown;
}

/** No request of an app takes as long, not even with a device that sleeps. */
const SCRIPT_LIMIT_MS = 120_000;
const PAGE_LIMIT_MS = 60_000;

async function ask(method: 'POST' | 'DELETE', url: string, body?: object): Promise<unknown> {
  const answer = await fetch(url, { method, body: body ? JSON.stringify(body) : null, headers: { 'content-type': 'application/json' } });
  const { value } = (await answer.json()) as Answer;
  if (answer.ok) return value;
  const { error, message } = value as { readonly error: string; readonly message: string };
  throw new Error(`${new URL(url).pathname.split('/').slice(3).join('/')}: ${error}: ${message}`);
}

/** The text of a script that calls the function and says how it ended. */
const scriptOf = (run: (...args: never[]) => unknown): string =>
  `const [args, done] = arguments;
   Promise.resolve().then(() => (${run.toString()})(...args))
     .then((result) => done({ result }), (error) => done({ error: String(error) }));`;

/**
 * Opens a session at a driver.
 *
 * @param driver - Address of the driver, without a slash at its end.
 * @param capabilities - What the browser is started with.
 */
export async function openSession(driver: string, capabilities: object): Promise<DriverSession> {
  const { sessionId } = (await ask('POST', `${driver}/session`, { capabilities: { alwaysMatch: capabilities } })) as { sessionId: string };
  const session = `${driver}/session/${sessionId}`;
  await ask('POST', `${session}/timeouts`, { script: SCRIPT_LIMIT_MS, pageLoad: PAGE_LIMIT_MS });
  return {
    page: {
      async evaluate<A extends unknown[], R>(run: (...args: A) => R | Promise<R>, ...args: A) {
        const ended = await ask('POST', `${session}/execute/async`, { script: scriptOf(run), args: [args] });
        const { result, error } = ended as { readonly result: R; readonly error?: string };
        if (error !== undefined) throw new Error(error);
        return result;
      },
      goto: (url) => ask('POST', `${session}/url`, { url }),
      reload: () => ask('POST', `${session}/refresh`, {}),
    },
    async end() {
      await ask('DELETE', session);
    },
  };
}
