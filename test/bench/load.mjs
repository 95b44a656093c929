import { Agent, request } from 'node:http';

/**
 * Posts every body once over keep-alive connections, a bounded number at a time.
 *
 * @param {string} url - Loopback only.
 * @param {Uint8Array[]} bodies
 * @param {{ connections?: number, agent?: Agent }} options - An agent of `openConnections` is not closed here.
 * @returns {Promise<Map<number, number>>} How often each status was answered.
 */
export async function postAll(url, bodies, { connections = 32, agent: given } = {}) {
  const agent = given ?? new Agent({ keepAlive: true, maxSockets: connections });
  const statuses = new Map();
  let next = 0;
  const one = (body) =>
    new Promise((resolve, reject) => {
      const outgoing = request(url, { method: 'POST', agent, headers: { 'content-length': body.length } }, (answer) => {
        answer.resume();
        answer.on('end', () => resolve(answer.statusCode));
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  const lane = async () => {
    while (next < bodies.length) {
      const status = await one(bodies[next++]);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: connections }, lane));
  if (given === undefined) agent.destroy();
  return statuses;
}

/** An agent with so many connections open, so that opening them is no part of what is measured. */
export async function openConnections(url, connections) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const one = () =>
    new Promise((resolve, reject) => {
      const outgoing = request(url, { method: 'OPTIONS', agent }, (answer) => answer.resume().on('end', resolve));
      outgoing.on('error', reject);
      outgoing.end();
    });
  await Promise.all(Array.from({ length: connections }, one));
  return agent;
}
