export { currentBootId } from './boot-id.ts';
export { SCHEMA_VERSION, openDatabase } from './database.ts';
export { readIfThere, removeIfThere, writeDurably } from './durable-file.ts';
export { durableRepository } from './durable-repository.ts';
export { type StateDatabase, readRecords, recordsOf } from './records.ts';
export { type Repository, memoryRepository } from './repository.ts';
export { type UndoLog, fileUndoLog, memoryUndoLog } from './undo-log.ts';
export { asUnreadable } from './unreadable.ts';
export { StoreError, type StoreErrorCode, isStoreError } from './errors.ts';
