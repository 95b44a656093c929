/** Uploads over keep-alive connections, each in the name of a sender, and what was answered. */
import { Agent, request } from 'node:http';

export interface Upload {
  readonly bytes: Buffer;
  /** Address that the trusted proxy names. */
  readonly from: string;
}

/** `stored` for 204, else the code of the problem. */
function send(url: string, { bytes, from }: Upload, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-length': bytes.length, 'x-forwarded-for': from };
    const outgoing = request(`${url}/v1/reports`, { method: 'POST', agent, headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => (text += chunk));
      answer.on('end', () => resolve(answer.statusCode === 204 ? 'stored' : (JSON.parse(text) as { code: string }).code));
    });
    outgoing.on('error', reject);
    outgoing.end(bytes);
  });
}

/** Sends all uploads, at most `connections` at a time. Gives the code of each, in their order. */
export async function sendAll(url: string, uploads: readonly Upload[], connections = 32): Promise<string[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const codes: string[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let index = next++; index < uploads.length; index = next++) {
      const upload = uploads[index];
      // A too large upload may be cut off before it is answered; a sender would try again then.
      if (upload !== undefined) codes[index] = await send(url, upload, agent).catch(() => 'cut off');
    }
  };
  await Promise.all(Array.from({ length: connections }, lane));
  agent.destroy();
  return codes;
}

/** Both lists as one, the shorter spread evenly over the longer. */
export function interleave<T>(one: readonly T[], other: readonly T[]): T[] {
  const order = [one, other].flatMap((list) => list.map((item, index) => ({ item, at: (index + 0.5) / list.length })));
  return order.sort((a, b) => a.at - b.at).map(({ item }) => item);
}
