import type { Host, Router } from '@routed/lab';
import type { HostShell } from './host-shell.ts';

/** Where a page is read: the reader's host, the router on it, and another host whose router it has found. */
export interface Scene {
  readonly shell: HostShell;
  readonly router: Router;
  readonly peer: Host;
}

/** What the commands of a page need beside each other. */
export interface PageStory {
  readonly page: string;
  /** Where its reader stands. @default an empty folder */
  readonly folder?: string;
  /** What it takes for granted. */
  readonly given?: (scene: Scene) => Promise<void>;
  /**
   * What is done before a line that begins so: what the text between two blocks tells its reader to do, or what a
   * command that is run elsewhere would have done.
   */
  readonly meanwhile?: Readonly<Record<string, (scene: Scene) => Promise<void>>>;
}
