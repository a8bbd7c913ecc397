/** The command lines of running daemons alone, for programs that render no configuration: loads nothing else. */
export { type VtyConnection, type VtyOptions, type VtyReply, openVty } from './vty/connection.ts';
