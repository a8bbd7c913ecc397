import { Option } from 'commander';

/** Where the daemon listens for operators' commands, and where the commands look for it. */
export function adminSocketOption(): Option {
  return new Option('--admin-socket <path>', 'socket for the commands of operators')
    .env('ROUTED_ADMIN_SOCKET')
    .default('/run/routed/admin.sock');
}
