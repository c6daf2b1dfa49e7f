import { formatSpread, inTurn, print, printTable, withService } from './kit.ts';
import { measure } from './measure.ts';

const TARGETS = 10_000;

/** One firing of a schedule for ten thousand targets, to a topic that accepts everything at once. */
export async function benchDispatch(): Promise<void> {
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
    printTable(
      ['', 's', 'CPU, s', 'node, MB'],
      [
        [
          'dispatch',
          formatSpread(dispatch, (each) => each.seconds),
          formatSpread(dispatch, (each) => each.cpu.own),
          formatSpread(dispatch, (each) => each.peak, 0),
        ],
      ],
    );
  });
}
