import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram } from '../../scripts/programs.mjs';

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

/** nginx that answers 204 to everything, in one process; undefined where it is not installed. */
export async function startNginx(folder) {
  const nginx = findProgram('nginx') ?? findProgram('/usr/sbin/nginx');
  if (nginx === undefined) return undefined;
  const port = await freePort();
  const conf = join(folder, 'nginx.conf');
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join(' ');
  writeFileSync(
    conf,
    `daemon off; master_process off; pid ${folder}/nginx.pid; error_log /dev/null; events {}
     http { access_log off; keepalive_requests 1000000; ${paths} server { listen 127.0.0.1:${port}; location / { return 204; } } }`,
  );
  const child = spawn(nginx, ['-c', conf, '-p', folder], { stdio: 'ignore' });
  await sleep(500);
  return { url: `http://127.0.0.1:${port}/`, pids: [child.pid], stop: () => child.kill() };
}
