import { DEFAULT_STAGE, parametersOf } from '../../lib/config/deployment.ts';
import type { DeploymentByStage } from '../../lib/config/deployment-schema.ts';

/** What `deployment:` says, as each stage gets it: `deployment prod: alertEmail=ops@example.com`. References stay references. */
export function formatDeployment(deployment: DeploymentByStage): string[] {
  return Object.keys(deployment).map((stage) => {
    const said = Object.entries(parametersOf(deployment, stage)).map(([name, value]) => `${name}=${value}`);
    const of = stage === DEFAULT_STAGE ? 'every other stage' : stage;
    return `deployment of ${of}: ${said.join(' ') || 'the defaults of serverless.yml'}`;
  });
}
