/** The client's own retries, all of them, without the waiting between. */
export async function impatient<Client extends { config: { retryStrategy(): Promise<unknown> } }>(
  client: Client,
): Promise<Client> {
  const strategy = (await client.config.retryStrategy()) as Record<string, unknown>;
  if (!strategy['retryBackoffStrategy']) throw new Error('the client waits in another way now');
  strategy['retryBackoffStrategy'] = { setDelayBase: () => undefined, computeNextBackoffDelay: () => 0 };
  return client;
}
