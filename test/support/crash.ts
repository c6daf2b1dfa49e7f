import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../../scripts/local/cluster.ts';

/**
 * Kills one session, as the system does when memory runs out: the server ends all others with it, and recovers. Until it
 * has ended another session it may not know of the death, and still takes connections that it is about to end.
 */
export async function crashSession(cluster: Cluster): Promise<void> {
  const [victim, other] = [await cluster.connect('postgres'), await cluster.connect('postgres')];
  const ended = [victim, other].map((each) => new Promise((resolve) => each.once('end', resolve)));
  const { rows } = await victim.query('select pg_backend_pid() as pid');
  execFileSync('kill', ['-9', String(rows[0].pid)]);
  await Promise.all(ended);
  const answers = () =>
    cluster.sql('postgres', 'select 1').then(
      () => true,
      () => false,
    );
  while (!(await answers())) await sleep(50);
}
