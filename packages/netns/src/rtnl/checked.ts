import type { Check } from '../check/check.ts';
import { checkArgument } from '../check/argument.ts';
import type { RtnlRequests } from '../types/rtnl.ts';
import { ARGUMENTS, type Entries } from './arguments.ts';

type Method = (...args: readonly unknown[]) => Promise<unknown>;
interface Checked<Service> {
  readonly service: Service;
}

/** Makes services whose methods check their arguments first; their methods exist once, not once a service. */
function checker<Service extends object>(entries: Entries<Service>): (service: Service) => Service {
  const methods: Record<string, unknown> = {};
  for (const [name, entry] of Object.entries(entries)) {
    const [operation, ...checks] = entry as readonly [string, ...Check<never>[]];
    methods[name] = async function (
      this: Checked<Record<string, Method>>,
      ...args: readonly unknown[]
    ): Promise<unknown> {
      for (let place = 0; place < checks.length; place++)
        checkArgument(checks[place] as Check<never>, args[place], operation);
      return this.service[name]?.(...args);
    };
  }
  return (service) => Object.assign(Object.create(methods) as Service, { service });
}

const checkers = {
  links: checker(ARGUMENTS.links),
  addresses: checker(ARGUMENTS.addresses),
  routes: checker(ARGUMENTS.routes),
  neighbours: checker(ARGUMENTS.neighbours),
  rules: checker(ARGUMENTS.rules),
};

/** The same requests, which refuse arguments that they do not understand before anything is done. */
export function checkedRequests({ links, addresses, routes, neighbours, rules }: RtnlRequests): RtnlRequests {
  return {
    links: checkers.links(links),
    addresses: checkers.addresses(addresses),
    routes: checkers.routes(routes),
    neighbours: checkers.neighbours(neighbours),
    rules: checkers.rules(rules),
  };
}
