import { writeFile } from 'node:fs/promises';
import type { Host } from '@routed/lab';
import type { TypedLine } from '../../tools/documentation/commands.ts';
import { codeBlocks, readPage } from '../../tools/documentation/markdown.ts';
import { IS_FULL } from '../attack/support/count.ts';
import { linesToRun } from './lines.ts';

/** The pages that tell of several hosts, in the order of the tests. */
export const TUTORIALS = ['docs/tutorial-ospf.md', 'docs/tutorial-bgp.md'] as const;

/** Those that are followed in this run: the second one takes a minute more, every night. */
export const TUTORIALS_NOW = IS_FULL ? TUTORIALS : TUTORIALS.slice(0, 1);

/** A file that a page has its reader write: a block below a line such as "`/etc/frr/router.yaml` on host-a:". */
export interface WrittenFile {
  readonly line: number;
  readonly path: string;
  readonly on: string;
  readonly text: string;
}

/** What the reader of a page does, one after the other. */
export function stepsOf(page: string): (TypedLine | WrittenFile)[] {
  return [...linesToRun(page), ...filesOf(page)].sort((one, other) => one.line - other.line);
}

function filesOf(page: string): WrittenFile[] {
  const lines = readPage(page).split('\n');
  return codeBlocks(page).flatMap(({ line, text }) => {
    // Before the block's first line come its fence and an empty line.
    const [, path, on] = /^`([^`]+)` on ([\w -]+):$/.exec(lines[line - 4] ?? '') ?? [];
    return path === undefined || on === undefined ? [] : [{ line, path, on, text: `${text}\n` }];
  });
}

/** What a reader repeats until it is so: routers take seconds to find each other. */
export function isObservation({ text }: TypedLine): boolean {
  return /^(vtysh -c|ip route show|ping|docker run --rm|routed-plugin (doctor|why)|quagga-config diff)\b/.test(text);
}

/** Stands in for systemd, which no host of the lab has: it runs what Debian's frr.service does. */
const SYSTEMCTL = `#!/bin/sh
[ "$*" = "restart frr" ] || exit 1
exec /usr/lib/frr/frrinit.sh restart
`;

/** Has FRR run on a host as Debian's package leaves it after its installation. */
export async function bareRouter(host: Host): Promise<void> {
  await writeFile(host.outsidePath('/run/commands/systemctl'), SYSTEMCTL, { mode: 0o755 });
  await host.exec(['sh', '-ec', BARE]);
}

const BARE = `
  if [ -e /run/frr.bare ]; then
    /usr/lib/frr/frrinit.sh stop
    rm -rf /etc/frr
  else
    cp -a /etc/frr /run/frr.bare
  fi
  cp -a -T /run/frr.bare /etc/frr
  rm -rf /run/frr/*
  /run/commands/systemctl restart frr
`;
