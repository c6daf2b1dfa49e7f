import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen } from '../listen.ts';
import { ACTIONS } from './actions.ts';
import { decodeRequest } from './decode-request.ts';
import { encodeError, encodeResponse } from './encode-response.ts';
import { type ErrorAnswer, type Model, RdsError, rejectCall, statusOf } from './model.ts';
import { callIn } from './regions.ts';
import type { LocalRdsWorld } from './world.ts';

type Parameters = Record<string, unknown>;

/** Called before each action: an error to answer instead, or 'after': do the work and never answer. */
export type InjectFault = (action: string, parameters: Parameters) => ErrorAnswer | 'after' | undefined;

type RecordedCall = { action: string; region: string; parameters: Parameters; error?: string };

export type RdsService = {
  world: LocalRdsWorld;
  model: Model;
  calls: RecordedCall[];
  fault: () => InjectFault | undefined;
};

/** The HTTP side, on a free port of loopback. One server answers for all Regions. */
export function serveRds(service: RdsService): ReturnType<typeof listen> {
  return listen(
    createServer((request, response) => {
      answer(service, request, response).catch(() => response.destroy());
    }),
  );
}

async function answer(desk: RdsService, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  // A signature's scope is KEY/DATE/REGION/rds/aws4_request.
  const scope = /Credential=[^/]+\/\d{8}\/([^/]+)\/rds\//.exec(request.headers.authorization ?? '');
  const form = new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
  const answered = await handle(desk, scope?.[1] ?? 'us-east-1', form);
  if (answered === 'dropped') return void request.socket.destroy();
  response.writeHead(answered.status, { 'content-type': 'text/xml' }).end(answered.xml);
}

/** Turns one request's form into XML. What the model does not allow, either way, is recorded as a violation. */
async function handle({ world, model, calls, fault }: RdsService, region: string, form: URLSearchParams) {
  const { violations } = world.settings;
  const requestId = randomUUID();
  const action = form.get('Action') ?? '';
  const operation = model.operations[action];
  const recorded: RecordedCall = { action, region, parameters: Object.fromEntries(form) };
  let isFit = true;
  calls.push(recorded);
  try {
    const perform = ACTIONS[action];
    if (!operation || !perform) return rejectCall('InvalidAction', `The action ${action} is not served here`);
    isFit = false;
    recorded.parameters = decodeRequest(model, operation, form);
    isFit = true;
    const wrong = fault()?.(action, recorded.parameters);
    if (wrong && wrong !== 'after') throw new RdsError(wrong.code, wrong.message, wrong.status);
    const { input, unread } = watched(recorded.parameters);
    const output = await perform({ ...callIn(world, region), input });
    const encoded = encodeResponse(model, operation, requestId, output);
    violations.push(...encoded.violations);
    // RDS would have acted upon it, so ignoring it silently would be too lenient.
    if (unread.size > 0) violations.push(`${action} does not act upon ${[...unread].join(', ')} here`);
    return wrong === 'after' ? ('dropped' as const) : { status: 200, xml: encoded.xml };
  } catch (error) {
    if (!isFit || !(error instanceof RdsError)) violations.push(`${action}: ${(error as Error).stack}`);
    const { code, message, status: given } = error instanceof RdsError ? error : FAILURE;
    const status = given ?? statusOf(model, operation, code);
    // A code that this action cannot answer with on AWS is a mistake here.
    if (status === undefined) violations.push(`${action} cannot answer with ${code}`);
    recorded.error = code;
    return { status: status ?? 400, xml: encodeError(requestId, { code, message, status: status ?? 400 }) };
  }
}

/** Parameters without effect here: all is applied soon, and no version is out of use. */
const IMMATERIAL = ['ApplyImmediately', 'IncludeAll'];
const FAILURE = { code: 'InternalFailure', message: 'see the violations', status: 500 };

/** The parameters, and those that no code has read yet. */
function watched(parameters: Parameters) {
  const unread = new Set(Object.keys(parameters).filter((name) => !IMMATERIAL.includes(name)));
  const get = (target: Parameters, name: string) => {
    unread.delete(name);
    return target[name];
  };
  return { input: new Proxy(parameters, { get } as ProxyHandler<Parameters>), unread };
}
