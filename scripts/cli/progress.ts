import { Listr, ListrLogger, ProcessOutput } from 'listr2';

/** Shows long work on stderr: alive on a terminal, plain lines without one. It ends with ✔ only if what came of it is good. */
export async function progress<T>(
  title: string,
  work: (update: (text: string) => void) => Promise<T>,
  isGood: (value: T) => boolean = () => true,
): Promise<T> {
  let ended: { value: T } | { thrown: unknown } | undefined;
  const logger = new ListrLogger({ processOutput: new ProcessOutput(process.stderr, process.stderr) });
  const common = { registerSignalListeners: false, exitOnError: false };
  const options = process.stderr.isTTY
    ? { ...common, renderer: 'default' as const, rendererOptions: { logger, collapseSubtasks: false } }
    : { ...common, renderer: 'simple' as const, rendererOptions: { logger } };
  const tasks = new Listr(
    [
      {
        title,
        task: async (_context, task) => {
          const value = await work((text) => (task.output = text)).catch((thrown: unknown) => {
            ended = { thrown };
            throw new Error('could not be done');
          });
          ended = { value };
          if (!isGood(value)) throw new Error('what it found follows');
        },
        rendererOptions: { persistentOutput: true, outputBar: Number.POSITIVE_INFINITY },
      },
    ],
    options as never,
  );
  process.once('SIGINT', interrupted);
  try {
    await tasks.run();
  } finally {
    process.off('SIGINT', interrupted);
  }
  if (!ended) throw new Error(`${title} was never begun`);
  if ('thrown' in ended) throw ended.thrown;
  return ended.value;
}

/** As a shell expects of a command that was interrupted: 128 and the signal’s number. */
function interrupted(): void {
  const local = process.argv.includes('--local');
  process.stderr.write(
    local
      ? '\nunderstudy: interrupted; with --local the job ends with this command, and what it had begun is cleared when its lease has run out\n  next: ./understudy --local status; ./understudy local down removes everything\n'
      : '\nunderstudy: interrupted; what was asked for goes on\n  next: ./understudy --stage NAME status T shows what became of it\n',
  );
  process.exit(130);
}
