/** A worker's side of ranking a failing client: the process that started the workers holds the places of all of them. */
import type { Crowd } from '@outcry/storage';
import { crowds, type CrowdOf } from '../intake/crowds.js';
import type { CrowdQuestion } from './messages.js';

const ANSWER_WITHIN_MS = 1_000;

export interface CrowdAsker {
  readonly crowdOf: CrowdOf;
  /** The answer to a question came. */
  answer(id: number, crowd: Crowd): void;
}

/**
 * @param ask - sends a question. @param capacity - as of `crowds`, for the worker's own places: it ranks by itself what is not answered
 * within a second.
 */
export function crowdAsker(ask: (id: number, question: CrowdQuestion) => void, capacity: number): CrowdAsker {
  const rank = crowds(capacity);
  const waiting = new Map<number, (crowd: Crowd) => void>();
  let asked = 0;
  return {
    crowdOf(sender, project, hosts, signer, nowMs) {
      if (sender.isPrivate || hosts.length === 0) return '';
      asked += 1;
      const id = asked;
      return new Promise((resolve) => {
        const timer = setTimeout(() => done(rank(sender, project, hosts, signer, nowMs)), ANSWER_WITHIN_MS);
        const done = (crowd: Crowd): void => {
          clearTimeout(timer);
          waiting.delete(id);
          resolve(crowd);
        };
        waiting.set(id, done);
        ask(id, { prefixKey: sender.prefixKey, project, hosts, signer: signer.toString(), nowMs });
      });
    },
    answer(id, crowd) {
      waiting.get(id)?.(crowd);
    },
  };
}
