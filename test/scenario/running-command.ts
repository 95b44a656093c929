/** The built `outcry` command as a child process of a test, and every process that belongs to it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { commandOf, markedPids as allMarked } from '../../scripts/left-behind.mjs';

export const command = fileURLToPath(new URL('../../cli/dist/main.js', import.meta.url));

/** Pids of the processes that carry the mark in their environment, however far it was handed down; `running` is part of their command line. */
export function markedPids(mark: string, running = ''): number[] {
  return allMarked(mark).filter((pid) => {
    try {
      return commandOf(pid).includes(running);
    } catch {
      return false;
    }
  });
}

/** Variables of the command that happen to be set around the test must not reach it. */
function outerEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('OUTCRY_')));
}

export class RunningCommand {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  text = '';

  constructor(args: readonly string[], env: NodeJS.ProcessEnv) {
    this.child = spawn(process.execPath, [command, ...args], { env: { ...outerEnvironment(), ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    const collect = (data: Buffer): void => void (this.text += data.toString());
    this.child.stdout?.on('data', collect);
    this.child.stderr?.on('data', collect);
    this.exited = new Promise((resolve) => this.child.once('exit', resolve));
  }

  press(key: string): void {
    this.child.stdin?.write(key);
  }

  /** Resolves when its text matches. Rejects with the whole text when it ended or the time is over. */
  async said(pattern: RegExp, withinMs: number): Promise<void> {
    const untilMs = Date.now() + withinMs;
    while (!pattern.test(this.text)) {
      if (Date.now() > untilMs || this.child.exitCode !== null) throw new Error(`it never said ${String(pattern)}:\n${this.text}`);
      await wait(100);
    }
  }

  /** Ctrl-C. Resolves with its exit code and how long it took, ms. */
  async interrupt(): Promise<{ code: number | null; tookMs: number }> {
    const startedMs = Date.now();
    this.child.kill('SIGINT');
    const code = await this.exited;
    return { code, tookMs: Date.now() - startedMs };
  }
}
