import { Listr, ListrLogger, ProcessOutput } from 'listr2';
import { BY_SIGNAL, type EndingSignal } from './exit.ts';

const SIGNALS = Object.keys(BY_SIGNAL) as EndingSignal[];

/**
 * Shows long work on stderr: alive on a terminal, plain lines without one. It ends with ✔ only if what came of it is good.
 * Work that this process does itself is asked by `interrupt` to end when a signal comes, and waited for; other work goes
 * on without this command, which says so and ends.
 */
export async function progress<T>(
  title: string,
  work: (update: (text: string) => void) => Promise<T>,
  isGood: (value: T) => boolean = () => true,
  interrupt?: (by: EndingSignal) => void,
): Promise<T> {
  let ended: { value: T } | { thrown: unknown } | undefined;
  let tell: (text: string) => void = () => undefined;
  const signals = heed(interrupt, (text) => tell(text));
  const task = async (update: (text: string) => void) => {
    tell = update;
    ended = await Promise.race([work(update), signals.left]).then(
      (value) => ({ value }),
      (thrown: unknown) => ({ thrown }),
    );
    if ('thrown' in ended) throw new Error('could not be done');
    if (!isGood(ended.value)) throw new Error('what it found follows');
  };
  try {
    await shown(title, task);
  } finally {
    signals.end();
  }
  if (signals.hasLeft()) leave(signals.hasLeft()!);
  if (!ended) throw new Error(`${title} was never begun`);
  if ('thrown' in ended) throw ended.thrown;
  return ended.value;
}

async function shown(title: string, work: (update: (text: string) => void) => Promise<void>): Promise<void> {
  const logger = new ListrLogger({ processOutput: new ProcessOutput(process.stderr, process.stderr) });
  const common = { registerSignalListeners: false, exitOnError: false };
  const options = process.stderr.isTTY
    ? { ...common, renderer: 'default' as const, rendererOptions: { logger, collapseSubtasks: false } }
    : { ...common, renderer: 'simple' as const, rendererOptions: { logger } };
  const tasks = new Listr(
    [
      {
        title,
        task: (_context, task) => work((text) => (task.output = text)),
        rendererOptions: { persistentOutput: true, outputBar: Number.POSITIVE_INFINITY },
      },
    ],
    options as never,
  );
  await tasks.run();
}

/** The first signal asks; the second one, of somebody who will not wait, ends the process, and its children with it. */
function heed(interrupt: ((by: EndingSignal) => void) | undefined, tell: (text: string) => void) {
  let by: EndingSignal | undefined;
  let reject: (error: Error) => void = () => undefined;
  const left = new Promise<never>((_resolve, refuse) => (reject = refuse));
  left.catch(() => undefined);
  const on = (signal: NodeJS.Signals) => {
    if (by) process.exit(BY_SIGNAL[signal as EndingSignal]);
    by = signal as EndingSignal;
    if (interrupt) {
      tell('interrupted: what was begun is being cleaned up');
      interrupt(by);
    } else reject(new Error('interrupted'));
  };
  for (const signal of SIGNALS) process.on(signal, on);
  // A terminal that hung up takes no more words, which must not end the cleaning up.
  process.stderr.on('error', ignored);
  process.stdout.on('error', ignored);
  return {
    left,
    hasLeft: () => (interrupt ? undefined : by),
    end: () => {
      for (const signal of SIGNALS) process.off(signal, on);
    },
  };
}

function ignored(): void {
  // See above.
}

/** Said after the renderer has ended, which on a terminal would swallow it. */
function leave(by: EndingSignal): never {
  process.stderr.write(
    'understudy: interrupted; what was asked for goes on\n  next: ./understudy --stage NAME status T shows what became of it\n',
  );
  process.exit(BY_SIGNAL[by]);
}
