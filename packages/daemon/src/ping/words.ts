import type { EchoOutcome } from '@routed/netns/icmp';
import type { PathMtu } from './path-mtu.ts';
import type { Tally } from './tally.ts';
import type { Place, View, Way } from './view.ts';

/** `this host`, or `inside web`. */
export function placeText({ container }: Place): string {
  return container === undefined ? 'this host' : `inside ${container}`;
}

/** As `ip route` writes it, with what the first link allows. Pure. */
export function wayText({ destination, protocol, nextHops, mtuBytes }: Way): string {
  const hops = nextHops.map(({ gateway, link }) =>
    [...(gateway === undefined ? [] : [`via ${gateway}`]), ...(link === undefined ? [] : [`dev ${link}`])].join(' '),
  );
  const shared = hops.length > 1 ? `${hops.join(' or ')}, which share the traffic,` : hops.join('');
  return `${destination} ${shared} proto ${protocol}, MTU ${mtuBytes}`;
}

/** What became of one request. Pure. */
export function outcomeText(outcome: EchoOutcome, way: Way | undefined, timeoutMs: number): string {
  const says = (by: string | undefined): string =>
    by === undefined || by === way?.source ? 'says this host' : `says ${by}`;
  switch (outcome.state) {
    case 'answered':
      return timeText(outcome.roundTripMs);
    case 'silent':
      return `no answer within ${timeText(timeoutMs)}`;
    case 'too big':
      return `too big: ${outcome.mtuBytes} bytes pass, ${says(outcome.by)}`;
    case 'refused':
      return `${outcome.reason}, ${says(outcome.by)}`;
  }
}

/** `5 sent, 4 answered, 20 % lost; round trip 0.06 / 0.07 / 0.09 ms (least / average / most)`. Pure. */
export function tallyText({ sent, answered, lostPercent, leastMs, averageMs, mostMs }: Tally): string {
  const counts = `${sent} sent, ${answered} answered, ${Math.round(lostPercent)} % lost`;
  if (leastMs === undefined || averageMs === undefined || mostMs === undefined) return counts;
  const times = [leastMs, averageMs, mostMs].map(digitsOf).join(' / ');
  return `${counts}; round trip ${times} ms (least / average / most)`;
}

/** What is known of the largest packet. Pure. */
export function pathMtuText({ bytes, how, by }: PathMtu, way: Way | undefined): string {
  if (how === 'link') return `${bytes}: the largest packets of the first link pass`;
  if (how === 'told') return `${bytes}, says ${by ?? 'this host, which was told before'}`;
  return `${bytes}: larger packets vanish without a word, although the first link allows ${way?.mtuBytes ?? '?'}`;
}

/** What is wrong with what was seen from one place; undefined: nothing. Pure. */
export function problemOf({ from, to, unsent, tally, pathMtu, way, outcomes }: View): string | undefined {
  const where = from.container === undefined ? 'this host' : `container ${from.container}`;
  if (unsent !== undefined) return `nothing can be sent to ${to} from ${where}: ${unsent}`;
  if (tally.sent === 0) return undefined;
  if (tally.answered === 0) {
    const said = outcomes.find(({ state }) => state !== 'silent');
    const why = said === undefined ? 'nobody says why' : outcomeText(said, way, 0);
    return `${to} does not answer to ${where}: ${why}`;
  }
  if (pathMtu?.how !== 'found') return undefined;
  return (
    `packets of more than ${pathMtu.bytes} bytes to ${to} from ${where} vanish without a word: connections hang once they carry data; ` +
    'give both ends of each link on the way the same MTU (routed.mtu)'
  );
}

function timeText(ms: number): string {
  return ms >= 1_000 && ms % 100 === 0 ? `${ms / 1_000} s` : `${digitsOf(ms)} ms`;
}

/** Three digits say enough. */
function digitsOf(ms: number): string {
  return String(Number(ms.toPrecision(3)));
}
