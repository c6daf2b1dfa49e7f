import { parseArgs } from 'node:util';
import pc from 'picocolors';
import { showProgress } from '../cli/show-progress.ts';
import { endDurable } from '../local/invoke-locally.ts';
import { actForgottenWhere } from './act-forgotten-where.ts';
import { actNight, actRehearsal } from './act-night.ts';
import { actReplaced } from './act-replaced.ts';
import { actMorningAfter, actWayBack } from './act-status.ts';
import { actAlteredRow, actFlippedBit, actMissedSchedule } from './act-trouble.ts';
import { makeCrm } from './crm.ts';
import { type DemoOptions, openDemoStage, storeDemoSecret } from './demo-stage.ts';
import { narrator } from './narrator.ts';

/**
 * The whole story on one machine, with the functions that Lambda would run: a good night, four failures, and a restore into
 * service. Any
 * unexpected result ends the demo with 1; nothing is simulated.
 */
const { values } = parseArgs({
  options: {
    verify: { type: 'string', default: 'full' },
    proof: { type: 'string', default: 'fingerprints' },
    moment: { type: 'string', default: 'before' },
  },
});
const options: DemoOptions = {
  verify: values.verify === 'exists' ? 'exists' : 'full',
  proof: values.proof === 'counts' ? 'counts' : 'fingerprints',
  databaseUrl: process.env['DATABASE_URL'] || undefined,
};

const { act, say } = narrator;

async function tell(): Promise<void> {
  const began = Date.now();
  const stage = await showProgress('a cloud and a database on this machine', () => openDemoStage(options));
  try {
    if (stage.cluster) await showProgress('a CRM with 310,000 rows', () => makeCrm(stage.cluster!));
    await storeDemoSecret(stage, options.databaseUrl);
    const point = await actNight(stage);
    await actRehearsal(stage, options.proof);
    await actFlippedBit(stage, point);
    await actAlteredRow(stage);
    if (stage.rds) {
      act(5, 'On RDS: a DELETE without WHERE');
      await actForgottenWhere(stage.rds, values.moment === 'after' ? 'after' : 'before');
    }
    const later = await actMissedSchedule(stage, stage.rds ? 6 : 5);
    await actMorningAfter(stage, stage.rds ? 7 : 6, later);
    await actWayBack(stage, stage.rds ? 8 : 7);
    if (stage.rds) await actReplaced(stage.rds, 9);
    say(
      `\n${pc.green('That was it')}, in ${Math.round((Date.now() - began) / 1000)} s, and nothing is left running.`,
    );
    say(`Where to look next: ${pc.bold('README.md')} takes your own database to its first proven backup;`);
    say(
      'DATABASE_URL=… bash scripts/demo.sh plays this with it, read-only; ./understudy local up keeps such a cloud running.',
    );
  } finally {
    await endDurable();
    await stage.close();
  }
}

try {
  await tell();
} catch (error) {
  say(`\n${pc.red('✖')} ${(error as Error).message}`);
  process.exitCode = 1;
}
