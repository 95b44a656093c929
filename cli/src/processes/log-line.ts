/** Writes one entry of a service's log as a JSON line to stderr. */
export function logLine(entry: object): void {
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), ...entry })}\n`);
}
