import { Listr, ListrLogger, ProcessOutput } from 'listr2';

/** Shows long work on stderr: alive on a terminal, plain lines without one. */
export async function progress<T>(
  title: string,
  work: (update: (text: string) => void) => Promise<T>,
): Promise<T> {
  let result: { value: T } | undefined;
  const logger = new ListrLogger({ processOutput: new ProcessOutput(process.stderr, process.stderr) });
  const options = process.stderr.isTTY
    ? { renderer: 'default' as const, rendererOptions: { logger, collapseSubtasks: false } }
    : { renderer: 'simple' as const, rendererOptions: { logger } };
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
  await tasks.run();
  return result!.value;
}
