// Bans addresses for a while, beside the firewall of the host: a table, two sets and a chain of one's own.
// Run it as root in a temporary namespace: unshare -n node ban.mjs
import { createNfTable, loadRules, runCommand, watchTables } from '@routed/netfilter';
import { openNfnetlink } from '@routed/netns/nfnetlink';

const where = { family: 'inet', table: 'ban' };
const nfnetlink = await openNfnetlink();
const table = createNfTable({ nfnetlink }, where);

// Sets first, as rules look into them. Both are there already when the program starts again.
const options = { hasTimeouts: true, hasCounters: true, maxElements: 65_536 };
const banned4 = await table.ensureSet({ name: 'banned4', fields: ['ipv4'], ...options });
const banned6 = await table.ensureSet({ name: 'banned6', fields: ['ipv6'], ...options });

const watch = await watchTables({ tables: [where], own: nfnetlink });
/** Gives the table its rules, whatever it has. */
async function ensureRules() {
  const script = `
    table inet ban {
      chain input { type filter hook input priority filter - 5; policy accept; }
    }
    flush chain inet ban input
    add rule inet ban input ip saddr @banned4 drop
    add rule inet ban input ip6 saddr @banned6 drop
  `;
  await loadRules(runCommand, script, (pid) => watch?.ignore(pid));
}
await ensureRules();

// One transaction for both families. Whoever is banned already is banned from now on again.
const hour = 3_600_000;
await table.transaction([
  banned4.steps.add([
    { key: ['192.0.2.7'], timeoutMs: hour },
    { key: ['192.0.2.8'], timeoutMs: hour },
  ]),
  banned6.steps.add([{ key: ['2001:db8::7'], timeoutMs: 24 * hour }]),
]);
await banned4.delete([['192.0.2.8']]);
for (const set of [banned4, banned6]) {
  for (const { key, timeoutMs, counter } of await set.list()) {
    console.log(JSON.stringify({ banned: key[0], minutes: timeoutMs / 60_000, packets: Number(counter.packets) }));
  }
}

// Somebody else empties the chain: the rules come back.
const repaired = new Promise((resolve, reject) => {
  watch?.on('change', () => void ensureRules().then(resolve, reject));
});
await runCommand(['nft', 'flush', 'chain', 'inet', 'ban', 'input']);
await repaired;
const listed = await runCommand(['nft', 'list', 'chain', 'inet', 'ban', 'input']);
console.log(JSON.stringify({ rules: listed.stdout.match(/@banned\d drop/g) }));

console.log(JSON.stringify({ deleted: await table.delete() }));
await watch?.close();
await nfnetlink.close();
