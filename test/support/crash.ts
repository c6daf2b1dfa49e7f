import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../../scripts/local/cluster.ts';

/** Kills one session, as the system does when memory runs out: the server takes all others down with it, and recovers. */
export async function crashSession(cluster: Cluster): Promise<void> {
  const victim = await cluster.connect('postgres');
  const gone = new Promise((resolve) => victim.once('end', resolve));
  const { rows } = await victim.query('select pg_backend_pid() as pid');
  execFileSync('kill', ['-9', String(rows[0].pid)]);
  await gone;
  while (
    !(await cluster.sql('postgres', 'select 1').then(
      () => true,
      () => false,
    ))
  )
    await sleep(50);
}
