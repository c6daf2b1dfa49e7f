import { inTurn, measure, print, spread, table, withService } from './kit.ts';

const TARGETS = 10_000;

/** One tick of a schedule for ten thousand targets, to a topic that takes everything at once. */
export async function run(): Promise<void> {
  await withService(['sns'], async ({ endpoint, calls }) => {
    const before = await calls();
    const { dispatch } = await inTurn({
      dispatch: () => measure({ kind: 'dispatch', targets: TARGETS }, { endpoint }),
    });
    const after = await calls();
    const runs = dispatch.length + 1;
    print(
      `${TARGETS.toLocaleString('en')} targets: ${(after.calls - before.calls) / runs} calls, ${(after.messages - before.messages) / runs} messages.\n`,
    );
    table(
      ['', 's', 'CPU, s', 'node, MB'],
      [
        [
          'dispatch',
          spread(dispatch.map((each) => each.seconds)),
          spread(dispatch.map((each) => each.cpu.own)),
          spread(
            dispatch.map((each) => each.peak),
            0,
          ),
        ],
      ],
    );
  });
}
