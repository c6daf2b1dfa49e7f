import { Listr, ListrLogger, ProcessOutput } from 'listr2';

/** Shows long work on stderr: alive on a terminal, plain lines without one. */
export async function progress<T>(
  title: string,
  work: (update: (text: string) => void) => Promise<T>,
): Promise<T> {
  let result: { value: T } | undefined;
  const logger = new ListrLogger({ processOutput: new ProcessOutput(process.stderr, process.stderr) });
  const common = { registerSignalListeners: false };
  const options = process.stderr.isTTY
    ? { ...common, renderer: 'default' as const, rendererOptions: { logger, collapseSubtasks: false } }
    : { ...common, renderer: 'simple' as const, rendererOptions: { logger } };
  const tasks = new Listr(
    [
      {
        title,
        task: async (_context, task) => {
          result = { value: await work((text) => (task.output = text)) };
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
  return result!.value;
}

/** As a shell expects of a command that was interrupted: 128 and the signal’s number. */
function interrupted(): void {
  const local = process.argv.includes('--local');
  process.stderr.write(
    local
      ? '\nunderstudy: interrupted; with --local the job ends with this command, and what it had begun is cleared when its lease has run out\n  next: ./understudy --local status; ./understudy local down removes everything\n'
      : '\nunderstudy: interrupted; what was asked for goes on\n  next: ./understudy status T shows what became of it\n',
  );
  process.exit(130);
}
