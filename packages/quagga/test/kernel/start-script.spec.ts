import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { writeFiles } from '../../src/apply/files.ts';
import { parseDocument } from '../../src/preset/document.ts';
import { render } from '../../src/render/render.ts';
import { requireFrr } from '../support/router.ts';

const run = promisify(execFile);

/** FRR as Debian starts it, in namespaces of its own with our files for /etc/frr; then a change that needs a restart. */
const SCRIPT = `
set -e
dir=$1; repository=$2; document=$3
mount -t tmpfs -o mode=755 tmpfs /run
install -d -o frr -g frr /run/frr
for private in /var/tmp /var/lib/frr /var/log/frr; do [ -d "$private" ] && mount -t tmpfs -o mode=1777 tmpfs "$private"; done
mount --bind "$dir" /etc/frr
touch /etc/frr/vtysh.conf
chown -R frr:frr /etc/frr
ip link set lo up
show() {
  echo "== $1"
  ps -eo ni=,args= | grep "^ *-*[0-9]* /usr/lib/frr/"
  vtysh -c 'show running-config' | grep router-id
}
/usr/lib/frr/frrinit.sh start
show started
node --import=tsx "$repository/src/main.ts" apply "$document" --router-id 10.0.0.9 --allow restart --restart-command '/usr/lib/frr/frrinit.sh restart'
show applied
/usr/lib/frr/frrinit.sh stop
`;

const DOCUMENT = {
  dialect: 'frr',
  preset: 'bgp-unnumbered',
  routerId: '10.0.0.1',
  containers: ['10.112.0.0/12'],
  interfaces: { eth1: {} },
  bgp: { asn: 65001 },
};

describe('FRR’s own start script', function () {
  this.timeout(60_000);
  before(requireFrr);

  it('starts and restarts what the files say, BFD before everything else', async () => {
    const dir = await mkdtemp('/tmp/quagga-start-');
    try {
      const document = join(dir, 'router.json');
      await writeFile(document, JSON.stringify(DOCUMENT));
      await writeFiles(join(dir, 'etc'), render(parseDocument(DOCUMENT).model, 'frr').files);
      const isolate = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-c', SCRIPT];

      const { stdout } = await run('unshare', [
        ...isolate,
        'start',
        join(dir, 'etc'),
        join(import.meta.dirname, '../..'),
        document,
      ]);

      const [, started = '', applied = ''] = stdout.split(/^== .*\n/m);
      expect(started)
        .to.match(/^ *0 \S+\/bgpd /m)
        .and.to.match(/^ *-20 \S+\/bfdd /m);
      expect(started).to.contain(' bgp router-id 10.0.0.1\n');
      expect(applied)
        .to.match(/^ *-20 \S+\/bfdd /m)
        .and.to.contain(' bgp router-id 10.0.0.9\n');
    } finally {
      await rm(dir, { recursive: true });
    }
  });
});
