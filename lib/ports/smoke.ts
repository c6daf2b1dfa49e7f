import type { Target } from '../domain/plan/policy.ts';
import type { SmokeAnswer } from '../domain/smoke/judge-answer.ts';
import type { SmokeRequest } from '../domain/smoke/smoke-request.ts';

/**
 * Requests to an application. Rejects with a Refusal that quotes nothing of the request or the answer: `no-answer`,
 * `answer-too-large`, `unreachable`, `tls-failed`, `redirected`, `request-invalid`.
 */
export type Requests = { send(request: SmokeRequest): Promise<SmokeAnswer> };

/** Texts of secrets with a target's tag. Rejects with the Refusal `secret-unreadable`. */
export type SecretTexts = { text(target: Target, secret: string): Promise<string> };
