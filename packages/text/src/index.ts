export { closest, didYouMean } from './closest.ts';
export { bounded, errorText, excerpt, printable, printableJson, printableLines } from './printable.ts';
