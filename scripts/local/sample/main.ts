import { recordSample } from './sample-state.ts';
import { startSample } from './start-sample.ts';

/** The process of `local up --rds`: it says on record that it is ready, and ends everything when it is asked to. */
const starting = startSample({ empty: process.argv.includes('--empty') });
const end = () =>
  void starting
    .then(({ close }) => close())
    .catch(() => undefined)
    .finally(() => process.exit(0));
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.once(signal, end);

const { close: _, ...sample } = await starting;
recordSample({ ...sample, pid: process.pid });
