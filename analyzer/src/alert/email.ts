import { createTransport } from 'nodemailer';
import { plainText } from './sink.js';
import type { EventSink } from './sink.js';

export interface EmailOptions {
  /** `smtp://` or `smtps://` URL, with user and password where the server wants them. */
  readonly smtpUrl: string;
  readonly from: string;
  readonly to: readonly string[];
}

const LONGEST_SUBJECT = 140;

/**
 * Plain-text mail, a sink for each recipient: a server that refuses one of several has still taken the mail, and what was told has to be known of
 * each. Mails about one alert carry the same References, so that they stand in one thread.
 */
export function emailSinks({ smtpUrl, from, to }: EmailOptions): EventSink[] {
  const transport = createTransport({ url: smtpUrl, connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 20_000 });
  return to.map((recipient, index) => ({
    name: index === 0 ? 'email' : `email-${index + 1}`,
    async send(notification) {
      const { alert, key, status } = notification;
      const subject = `${status === 'resolved' ? '[over] ' : alert.labels.severity === 'page' ? '[page] ' : ''}${alert.summary}`;
      await transport.sendMail({
        from,
        to: recipient,
        subject: subject.length > LONGEST_SUBJECT ? `${subject.slice(0, LONGEST_SUBJECT - 1)}…` : subject,
        text: plainText(notification),
        references: [`<${key}@outcry.invalid>`],
        headers: { 'Auto-Submitted': 'auto-generated' },
      });
    },
  }));
}
