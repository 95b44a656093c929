/** Fetches a loopback URL a number of times and tells the parent the CPU time used; `watched` switches the agent on. */
import { init } from '@outcry/node';

const [url, mode, countText, recipientKey] = process.argv.slice(2);
if (mode === 'watched') {
  const outcry = init({ project: 'bench', release: '1', hosts: ['127.0.0.1'], collectors: [new URL(url).origin], recipientKey });
  const at = new Date().toISOString();
  await outcry.setConsent('granted', { text: 'bench', textHash: 'A'.repeat(43), at, method: 'operator' });
}
const round = async (count) => {
  for (let index = 0; index < count; index++) await (await fetch(url)).arrayBuffer();
};
await round(500);
const before = process.cpuUsage();
await round(Number(countText));
const { user, system } = process.cpuUsage(before);
process.send({ cpuUs: user + system }, () => process.exit());
