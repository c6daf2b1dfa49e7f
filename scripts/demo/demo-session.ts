import { files } from '../../lib/runtime/compose.ts';
import { answered, type Session } from '../cli/session.ts';
import { invokeLocally } from '../local/invoke-locally.ts';

/** For commands that the demo runs itself: the functions of this process. */
const session: Pick<Session, 'invoke' | 'bucket' | 'caller'> = {
  invoke: async (name, event) => answered(await invokeLocally(name, event)),
  bucket: async () => files(),
  caller: 'demo',
};
export const demoSession = session as Session;
