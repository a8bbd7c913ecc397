import { checkArgument } from '../check/argument.ts';
import { object } from '../check/check.ts';
import {
  FUNCTION_CHANGE,
  FUNCTION_NUMBER,
  buildFunctionChange,
  buildFunctionsGet,
  decodeFunctions,
} from '../message/virtual-functions.ts';
import type { Channel, Purpose } from '../socket/channel.ts';
import type { LinkSelector } from '../types/link.ts';
import type { FunctionChange, VirtualFunction, VirtualFunctions } from '../types/virtual-functions.ts';
import { LINK_SELECTOR } from './arguments.ts';
import { linkPurpose } from './purpose.ts';

const NUMBER = object<{ readonly number: number }>({ number: FUNCTION_NUMBER });

/** {@link VirtualFunctions} over a channel to the kernel. */
export class KernelVirtualFunctions implements VirtualFunctions {
  readonly #channel: Channel;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  async list(selector: LinkSelector): Promise<readonly VirtualFunction[]> {
    checkArgument(LINK_SELECTOR, selector, 'virtualFunction.list');
    const purpose = purposeOf('list', selector);
    return (await this.#channel.request(buildFunctionsGet(selector, purpose), purpose, decodeFunctions)) ?? [];
  }

  async set(selector: LinkSelector, number: number, change: FunctionChange): Promise<void> {
    checkArgument(LINK_SELECTOR, selector, 'virtualFunction.set');
    checkArgument(NUMBER, { number }, 'virtualFunction.set');
    checkArgument(FUNCTION_CHANGE, change, 'virtualFunction.set');
    if (Object.values(change).every((value) => value === undefined)) return;
    const purpose = purposeOf('set', selector, number);
    await this.#channel.request(buildFunctionChange(selector, number, change, purpose), purpose);
  }
}

function purposeOf(action: string, selector: LinkSelector, number?: number): Purpose {
  const link = linkPurpose(action, selector);
  const subject = number === undefined ? link.subject : `${number} of ${link.subject}`;
  return { ...link, operation: `virtualFunction.${action}`, subject };
}
