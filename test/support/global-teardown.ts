import { running } from './running.ts';

export default async function tearDown(): Promise<void> {
  const shared = running();
  await Promise.all([shared?.moto.stop(), shared?.cluster.stop()]);
}
