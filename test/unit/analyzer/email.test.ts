/** Mail through a real SMTP server that refuses one of several recipients for a while. */
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeDispatch } from '../../../analyzer/src/alert/dispatch.js';
import { emailSinks } from '../../../analyzer/src/alert/email.js';
import { toldIn } from '../../../analyzer/src/alert/told.js';
import { NOW, page } from './sample-alert.js';
import { storedNotifications } from './stored-notifications.js';

const MINUTE = 60_000;
let mails: string[];
let refused: string[];
let smtp: SMTPServer;
beforeEach(async () => {
  [mails, refused] = [[], []];
  smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo({ address }, _session, done) {
      done(refused.includes(address) ? Object.assign(new Error('come back later'), { responseCode: 450 }) : null);
    },
    onData(stream, session, done) {
      stream.resume();
      stream.on('end', () => {
        mails.push(session.envelope.rcptTo.map(({ address }) => address).join());
        done();
      });
    },
  });
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve));
});
afterEach(() => new Promise<void>((resolve) => smtp.close(() => resolve())));

it('a recipient that the server refuses for a while is told later, and the others only once', async () => {
  let nowMs = NOW;
  const { port } = smtp.server.address() as AddressInfo;
  const { run } = makeDispatch({
    eventSinks: emailSinks({ smtpUrl: `smtp://127.0.0.1:${port}`, from: 'outcry@shop.example', to: ['a@shop.example', 'b@shop.example'] }),
    stateSinks: [],
    told: toldIn(storedNotifications().client),
    publicUrl: 'https://outcry.example',
    now: () => nowMs,
    onTry: () => undefined,
  });
  refused = ['b@shop.example'];
  for (let look = 0; look < 3; look++, nowMs += MINUTE) await run([page()], 5 * MINUTE, true);
  expect(mails).toEqual(['a@shop.example']);
  refused = [];
  for (let look = 0; look < 5; look++, nowMs += MINUTE) await run([page()], 5 * MINUTE, true);
  expect(mails).toEqual(['a@shop.example', 'b@shop.example']);
});
