export { closest, didYouMean } from './closest.ts';
export { CodedError, type ErrorGuard, guardFor } from './coded-error.ts';
export { examplesText } from './examples-text.ts';
export { bounded, errorText, excerpt, printable, printableJson, printableLines } from './printable.ts';
