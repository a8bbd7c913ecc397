/** What a call fails with. */
export async function messageOf(call: Promise<unknown>): Promise<string> {
  return await call.then(
    () => 'no error',
    (error: unknown) => (error as Error).message,
  );
}
