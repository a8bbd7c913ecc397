import { StoreError } from './errors.ts';

/** The error for state that is damaged; nothing of it is changed. */
export function unreadable(directory: string, reason: string, cause?: unknown): StoreError {
  return new StoreError(
    'STATE_UNREADABLE',
    `state directory ${directory} cannot be read (${reason}): restore it from a backup, or move it away to start ` +
      'without it (running containers keep their network; networks have to be created again)',
    { cause },
  );
}

/** `error` if it says what to do already, else `unreadable` with what LevelDB says. */
export function asUnreadable(directory: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const { message, cause } = error as Error;
  const reason = cause instanceof Error ? `${message}: ${cause.message}` : message;
  return unreadable(directory, reason, error);
}
