/** The projects that this collector believes in, and what it keeps of their routes. Everything else is refused. */
import { OutcryError } from '@outcry/protocol';

export interface ProjectOptions {
  /** Watched hosts, lower case. */
  readonly hosts: readonly string[];
  /** Routes that may be kept; others become null. Undefined keeps every well-formed one. */
  readonly routes?: readonly string[] | undefined;
  readonly retentionDays?: number | undefined;
  readonly k?: number | undefined;
  /** Takes the reports of browsers' own Network Error Logging, `POST /v1/nel/:project`. Default false. */
  readonly nel?: boolean | undefined;
  /** Failures of `development` projects go to `dev_reports`, and nothing else of theirs is stored. */
  readonly stage: 'production' | 'development';
}

export interface Project {
  readonly name: string;
  readonly hosts: ReadonlySet<string>;
  readonly routes: ReadonlySet<string> | undefined;
  readonly stage: ProjectOptions['stage'];
  readonly nel: boolean;
}

export interface Registry {
  /**
   * The project of this name.
   *
   * @param hosts - of every failure and every bin of attempts in the body.
   * Throws `unknown_project`, or `unknown_host` when any of the hosts is not the project's.
   */
  admit(name: string, hosts: readonly string[]): Project;
  /** The project of this name, which a row in the journal may have outlived. */
  find(name: string): Project | undefined;
}

export function registryOf(projects: Readonly<Record<string, ProjectOptions>>): Registry {
  // A Map, since the names looked up come over the wire.
  const known = new Map<string, Project>(
    Object.entries(projects).map(([name, { hosts, routes, stage, nel = false }]) => [
      name,
      { name, hosts: new Set(hosts), routes: routes === undefined ? undefined : new Set(routes), stage, nel },
    ]),
  );
  return {
    admit(name, hosts) {
      const project = known.get(name);
      if (project === undefined) throw new OutcryError('unknown_project');
      for (const host of hosts) if (!project.hosts.has(host)) throw new OutcryError('unknown_host');
      return project;
    },
    find: (name) => known.get(name),
  };
}
