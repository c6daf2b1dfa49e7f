import { randomUUID } from 'node:crypto';
import { ACTIONS } from './actions.ts';
import { Refusal, statusOf } from './errors.ts';
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

/** One request from its form to its XML. Whatever the model does not allow, either way, is written down as a violation. */
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
  const perform = ACTIONS.get(action);
  if (!operation || !perform)
    throw new Refusal('InvalidAction', `The action ${action} is not one that is served here`);
  recorded.parameters = parametersOf(desk, operation, form);
  const fault = desk.fault()?.(action, recorded.parameters);
  if (fault && fault !== 'after') throw new Refusal(fault.code, fault.message, fault.status);
  const output = await perform(callIn(desk.world, region), recorded.parameters as never);
  return { dropped: fault === 'after', output };
}

function parametersOf(desk: Desk, operation: Operation, form: URLSearchParams): Record<string, unknown> {
  try {
    return decodeRequest(desk.model, operation, form);
  } catch (error) {
    if (error instanceof Refusal) desk.world.settings.violations.push(`${operation.name}: ${error.message}`);
    throw error;
  }
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
