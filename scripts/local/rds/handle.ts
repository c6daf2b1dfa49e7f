import { randomUUID } from 'node:crypto';
import { ACTIONS } from './actions.ts';
import { Refusal, refuse, statusOf } from './errors.ts';
import type { Model, Operation } from './model.ts';
import { callIn } from './regions.ts';
import { decodeRequest } from './request.ts';
import { encodeError, encodeResponse } from './response.ts';
import type { World } from './world.ts';

/** Consulted before each action: an error to answer instead, or 'after': do the work and never answer. */
export type Fault = (
  action: string,
  parameters: Record<string, unknown>,
) => { code: string; message: string; status: number } | 'after' | undefined;

export type RecordedCall = {
  action: string;
  region: string;
  parameters: Record<string, unknown>;
  error?: string;
};

export type Desk = { world: World; model: Model; calls: RecordedCall[]; fault: () => Fault | undefined };

export type Answer = { status: number; xml: string; requestId: string } | 'dropped';

/** One request from its form to its XML. What the model does not allow, either way, is written down as a violation. */
export async function handle(desk: Desk, region: string, form: URLSearchParams): Promise<Answer> {
  const requestId = randomUUID();
  const action = form.get('Action') ?? '';
  const operation = desk.model.operations[action];
  const recorded: RecordedCall = { action, region, parameters: Object.fromEntries(form) };
  desk.calls.push(recorded);
  try {
    const { dropped, output } = await perform(desk, recorded, operation, form);
    const { xml, violations } = encodeResponse(desk.model, operation!, requestId, output);
    desk.world.settings.violations.push(...violations);
    return dropped ? 'dropped' : { status: 200, xml, requestId };
  } catch (error) {
    const refusal = toRefusal(desk, recorded, operation, error);
    recorded.error = refusal.code;
    return { status: refusal.status, xml: encodeError(requestId, refusal), requestId };
  }
}

async function perform(
  desk: Desk,
  recorded: RecordedCall,
  operation: Operation | undefined,
  form: URLSearchParams,
) {
  const { action, region } = recorded;
  const { violations } = desk.world.settings;
  const perform = ACTIONS[action];
  if (!operation || !perform) refuse('InvalidAction', `The action ${action} is not served here`);
  try {
    recorded.parameters = decodeRequest(desk.model, operation, form);
  } catch (error) {
    violations.push(`${action}: ${(error as Error).message}`);
    throw error;
  }
  const fault = desk.fault()?.(action, recorded.parameters);
  if (fault && fault !== 'after') throw new Refusal(fault.code, fault.message, fault.status);
  const { input, unread } = watched(recorded.parameters);
  const output = await perform(callIn(desk.world, region), input);
  // RDS would have acted upon it: to be silent about it would be lenient.
  if (unread.size > 0) violations.push(`${action} does not act upon ${[...unread].join(', ')} here`);
  return { dropped: fault === 'after', output };
}

/** What changes nothing here: no version is out of use. */
const IMMATERIAL = ['IncludeAll'];

/** The parameters, and those of them that no one has asked for yet. */
function watched(parameters: Record<string, unknown>) {
  const unread = new Set(Object.keys(parameters).filter((name) => !IMMATERIAL.includes(name)));
  const get = (target: typeof parameters, name: string) => {
    unread.delete(name);
    return target[name];
  };
  return { input: new Proxy(parameters, { get } as ProxyHandler<typeof parameters>), unread };
}

/** A code that this action could not answer with on AWS is a mistake here. */
function toRefusal(desk: Desk, { action }: RecordedCall, operation: Operation | undefined, error: unknown) {
  const { violations } = desk.world.settings;
  if (!(error instanceof Refusal)) {
    violations.push(`${action}: ${error instanceof Error ? error.stack : error}`);
    return { code: 'InternalFailure', message: String(error), status: 500 };
  }
  const status = error.status ?? statusOf(desk.model, operation, error.code);
  if (status === undefined) violations.push(`${action} cannot answer with ${error.code}`);
  return { code: error.code, message: error.message, status: status ?? 400 };
}
