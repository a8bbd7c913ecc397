import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import { DockerError, LabError, openLab, type Host, type Lab } from '@routed/lab';
import { marksOf, processesOf, tracesOf, type LabMarks } from './traces.ts';

/** What an awaited promise was rejected with. */
async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail('nothing was thrown'),
    (error: unknown) => error,
  );
}

/** Lets another process open a lab with a running container, and kills that process with SIGKILL. */
async function abandonLab(): Promise<LabMarks> {
  const script = join(import.meta.dirname, 'abandoned-lab.ts');
  const owner = spawn(process.execPath, ['--import', 'tsx', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface({ input: owner.stdout }), 'line')) as [string];
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  const marks = JSON.parse(line) as LabMarks;
  return { ...marks, namespaces: new Set(marks.namespaces) };
}

/** A new lab gets the namespace numbers of a dead one again: look for traces only after it is gone, too. */
async function openAndCloseLab(): Promise<void> {
  const lab = await openLab();
  await lab.close();
}

describe('a lab with two hosts', () => {
  let lab: Lab;
  let first: Host;
  let second: Host;

  before(async () => {
    lab = await openLab({ log: console.log });
    [first, second] = await Promise.all([lab.addHost(), lab.addHost({ defaultRoute: '10.112.11.1' })]);
  });

  after(() => lab.close());

  it('joins the hosts by a segment', async () => {
    const { stdout } = await first.exec(['ping', '-c', '1', '-W', '1', '10.112.11.2']);

    expect(stdout).to.contain('1 received');
  });

  it('sets the default route of a host that asks for one', async () => {
    const { stdout } = await second.exec(['ip', 'route', 'show', 'default']);

    expect(stdout.trim()).to.equal('default via 10.112.11.1 dev eth1');
  });

  it('runs containers', async () => {
    await first.docker('run', '--rm', '--network', 'none', 'alpine', 'true');
  });

  it('runs the engine release asked for', async () => {
    expect(await first.docker('version', '--format', '{{.Server.Version}}')).to.match(/^20\.10\./);
  });

  it("gives each engine its own containers, and not the machine's", async () => {
    await first.docker('create', '--name', 'only-here', 'alpine');

    expect(await first.docker('ps', '--all', '--format', '{{.Names}}')).to.equal('only-here');
    expect(await second.docker('ps', '--all', '--format', '{{.Names}}')).to.equal('');
  });

  it('throws what Docker said', async () => {
    const error = await failureOf(first.docker('network', 'inspect', 'nowhere'));

    expect(error).to.be.instanceOf(DockerError);
    expect((error as DockerError).stderr).to.contain('nowhere');
    expect((error as DockerError).message).to.contain('nowhere');
  });

  it('reports the exit code of a command that may fail', async () => {
    const result = await first.exec(['sh', '-c', 'cat; exit 7'], { input: 'said', check: false });

    expect(result).to.deep.equal({ stdout: 'said', stderr: '', exitCode: 7 });
  });

  it('ends a command that takes too long, with its children', async () => {
    const error = await failureOf(first.exec(['sh', '-c', 'sleep 987 & sleep 987'], { timeoutMs: 100 }));

    expect(error).to.be.instanceOf(LabError).with.property('code', 'timeout');
    expect((await first.exec(['ps', 'ax'])).stdout).not.to.contain('sleep 987');
  });

  it('keeps what a background program writes', async () => {
    const program = await first.spawn(['sh', '-c', 'echo out; echo err >&2; exit 3'], { name: 'writer' });

    expect(await program.exited).to.equal(3);
    expect(await program.log()).to.equal('out\nerr\n');
  });

  it('stops a background program', async () => {
    const program = await first.spawn(['sleep', '1000']);

    expect(await program.stop('SIGTERM')).to.equal(128 + 15);
  });

  it('keeps containers over a restart of the engine', async () => {
    await second.docker('create', '--name', 'kept', 'alpine');

    await second.restartEngine();

    expect(await second.docker('ps', '--all', '--format', '{{.Names}}')).to.equal('kept');
    expect(await second.engineLog()).to.contain('Processing signal');
  });
});

describe('a host with another engine release', () => {
  it('sees the namespaces of its containers outside the engine root', async function () {
    this.timeout(600_000); // the first run on a machine builds the root file system
    await using lab = await openLab({ log: console.log });
    const host = await lab.addHost({ engine: '28' });
    await host.docker('run', '--detach', '--name', 'some', 'alpine', 'sleep', '1000');

    const sandbox = await host.docker('inspect', '--format', '{{.NetworkSettings.SandboxKey}}', 'some');
    const { stdout } = await host.exec(['nsenter', `--net=${sandbox}`, 'ip', '-brief', 'address', 'show', 'eth0']);

    expect(host.engine?.version).to.match(/^(2[89]|[3-9]\d)\./);
    expect(stdout).to.contain('172.17.0.2/16');
  });

  it("executes commands among a container's own files, also after a restart of the engine", async () => {
    await using lab = await openLab();
    const host = await lab.addHost({ engine: '28', engineFlags: ['--live-restore'] });
    await host.docker('run', '--detach', '--name', 'some', 'alpine', 'sleep', '1000');
    const look = (): Promise<string> => host.docker('exec', 'some', 'ls', '/etc', '/sys/class/net');
    const seen = await look();

    await host.restartEngine('SIGKILL');

    expect(seen).to.contain('eth0').and.not.to.contain('debian_version');
    expect(await look()).to.equal(seen);
    await host.docker('restart', '--time', '0', 'some');
    expect(await look()).to.equal(seen);
  });
});

describe('a program that a signal has stopped', () => {
  it('ends all the same when it is told to, also after it went on', async () => {
    await using lab = await openLab();
    const host = await lab.addHost({ engine: 'none' });
    for (const after of ['true', 'kill -CONT $(pidof sleep)']) {
      const program = await host.spawn(['sleep', '1000'], { name: 'sleep' });
      await host.exec(['sh', '-c', 'kill -STOP $(pidof sleep)']);
      // Its entrance from outside stops as it does.
      await setTimeout(300);
      await host.exec(['sh', '-c', after]);

      expect(await program.stop('SIGTERM', 5_000)).to.be.greaterThan(128);
    }
  });
});

describe('a closed lab', () => {
  it('leaves no process, namespace, mount, link, cgroup or file', async () => {
    const lab = await openLab();
    const host = await lab.addHost();
    await host.docker('run', '--detach', 'alpine', 'sleep', '1000');
    const marks = marksOf(lab);
    expect(tracesOf(marks)).not.to.be.empty;

    await lab.close();

    expect(tracesOf(marks)).to.deep.equal([]);
  });

  it('waits for no program that is stopped', async () => {
    const lab = await openLab();
    const host = await lab.addHost({ engine: 'none' });
    await host.spawn(['sleep', '1000'], { name: 'sleep' });
    await host.exec(['sh', '-c', 'kill -STOP $(pidof sleep)']);
    // Its entrance from outside stops as it does.
    await setTimeout(300);
    const marks = marksOf(lab);

    await lab.close();

    expect(tracesOf(marks)).to.deep.equal([]);
  });
});

describe('a lab whose owner was killed', () => {
  let marks: LabMarks;

  before(async () => {
    marks = await abandonLab();
  });

  it('loses its processes and namespaces without anybody doing anything', async () => {
    const deadline = Date.now() + 5_000;
    while (processesOf(marks).length > 0 && Date.now() < deadline) await setTimeout(10);

    expect(processesOf(marks)).to.deep.equal([]);
  });

  it('loses its files and cgroups when the next lab opens', async () => {
    // Its namespaces are gone, and the kernel may have given their numbers to those of another lab.
    const left = (): readonly string[] => tracesOf(marks).filter((trace) => !trace.startsWith('process '));
    expect(left()).not.to.be.empty;

    await openAndCloseLab();

    expect(left()).to.deep.equal([]);
  });
});

describe('a lab whose processes outlived the owner', () => {
  it('is removed when the next lab opens', async () => {
    const orphan = await openLab({ isStanding: true });
    await orphan.addHost({ engine: 'none' });
    const marks = marksOf(orphan);
    const stateFile = join(orphan.directory, 'state.json');
    const state = JSON.parse(await readFile(stateFile, 'utf8')) as object;
    await writeFile(stateFile, JSON.stringify({ ...state, owner: { pid: 1, startTicks: -1, bootId: '' } }));

    await openAndCloseLab();

    expect(tracesOf(marks)).to.deep.equal([]);
  });
});

describe('a lab name', () => {
  it('cannot be taken twice', async () => {
    await using lab = await openLab({ name: 'taken' });

    const error = await failureOf(openLab({ name: 'taken' }));

    expect(error).to.be.instanceOf(LabError).with.property('code', 'name-in-use');
    expect(lab.name).to.equal('taken');
  });
});
