import { publish } from '../publish/publish.js';
import { ask, seconds } from '../queries/ask.js';
import { inventory } from '../queries/inventory.js';
import type { PublishedSlo } from '../publish/shapes.js';
import { hostSlos } from './slo.js';
import { policyOf } from './settings.js';
import type { AnswerDeps } from './settings.js';

const HOUR_MS = 3_600_000;
const BACK_MS = 14 * 24 * HOUR_MS;

export interface InventoryAnswer {
  readonly projects: readonly {
    readonly project: string;
    readonly stage: 'production' | 'development';
    readonly k: number;
    readonly hosts: readonly string[];
    readonly heard_since: string | null;
    readonly server_metrics: readonly string[];
    /** How its hosts stand to the objective; empty without one. */
    readonly slo: readonly (PublishedSlo & { readonly host: string })[];
    readonly series: readonly {
      readonly host: string;
      readonly kind: string;
      readonly first_hour: string;
      readonly last_hour: string;
      readonly most_clients_in_an_hour: number | null;
      readonly most_clients_in_an_hour_text: string;
    }[];
  }[];
}

/** What is watched and what has been heard of it in 14 days. */
export async function inventoryAnswer(deps: AnswerDeps): Promise<InventoryAnswer> {
  const rows = await ask(deps.client, inventory, { from: seconds(deps.now() - BACK_MS) });
  const heard = deps.state().latest?.heardMs;
  const iso = (s: number): string => new Date(s * 1000).toISOString();
  return {
    projects: Object.entries(deps.projects).map(([project, { stage, hosts }]) => {
      const policy = policyOf(deps, project);
      const since = heard?.get(project);
      return {
        project,
        stage,
        k: policy.k,
        hosts,
        heard_since: since === undefined ? null : new Date(since).toISOString(),
        slo: hostSlos(deps).flatMap((of) => (of.project === project ? [{ host: of.host, ...of.slo }] : [])),
        server_metrics: deps.serverMetrics.filter((m) => m.project === project).map((m) => m.host),
        series: rows
          .filter((r) => r.project === project)
          .map((r) => {
            const most = publish({ shape: 'count', clients: r.clients, spanMs: HOUR_MS }, policy);
            return {
              host: r.host,
              kind: r.kind,
              first_hour: iso(r.first),
              last_hour: iso(r.last),
              most_clients_in_an_hour: most.value,
              most_clients_in_an_hour_text: most.text,
            };
          }),
      };
    }),
  };
}
