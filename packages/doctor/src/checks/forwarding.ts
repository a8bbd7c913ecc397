import { DAEMON_SETTINGS, OPERATOR_SETTINGS, ROUTE_PROTOCOL, settingOf } from '@routed/datapath';
import { type Check, defineCheck, type Finding } from '../check.ts';
import type { HostView } from '../host-view.ts';

/** Not by --fix: forwarding without the policy that belongs to it opens the bridges of Docker. */
const START_THE_DAEMON =
  'start routed-plugin, which sets it within a second and sets the policy of FORWARD to DROP; if it runs, see "routed-plugin status"';

/** A link and one of its settings. */
export interface LinkSetting {
  readonly link: string;
  readonly value: string | undefined;
}

export const forwardingIpv4Check = defineCheck<{
  readonly forwarding: string | undefined;
  readonly links: readonly LinkSetting[];
}>({
  id: 'forwarding-ipv4',
  title: 'the host forwards IPv4',
  read: async (host) => ({
    forwarding: await host.sysctl(DAEMON_SETTINGS.forwardIpv4.key),
    links: await ofUplinks(host, 'net/ipv4/conf/LINK/forwarding'),
  }),
  judge: ({ forwarding, links }) => {
    const { key, value } = DAEMON_SETTINGS.forwardIpv4;
    if (forwarding !== undefined && forwarding !== value) {
      return [
        {
          severity: 'broken',
          found: `${key} is ${forwarding}`,
          why: 'the host is the router of its containers: without forwarding they reach only the host',
          remedy: START_THE_DAEMON,
        },
      ];
    }
    return links.filter((link) => link.value === '0').map(({ link }) => notForwarding(4, link));
  },
});

export const forwardingIpv6Check = defineCheck<{
  readonly isUsed: boolean;
  readonly forwarding: string | undefined;
  readonly disabled: string | undefined;
  readonly links: readonly LinkSetting[];
}>({
  id: 'forwarding-ipv6',
  title: 'the host forwards IPv6, where containers have it',
  read: async (host) => ({
    isUsed: await usesIpv6(host),
    forwarding: await host.sysctl(DAEMON_SETTINGS.forwardIpv6.key),
    disabled: await host.sysctl(OPERATOR_SETTINGS.disableIpv6.key),
    links: await ofUplinks(host, 'net/ipv6/conf/LINK/forwarding'),
  }),
  judge: ({ isUsed, forwarding, disabled, links }) => {
    if (!isUsed) return [];
    const { key, value } = DAEMON_SETTINGS.forwardIpv6;
    const findings: Finding[] = [];
    if (forwarding === undefined) {
      findings.push({
        severity: 'broken',
        found: 'the kernel has no IPv6, or ipv6.disable=1 disables it at boot',
        why: 'there are IPv6 networks: their containers cannot start',
        remedy: 'boot with IPv6, or remove the IPv6 networks',
      });
    } else if (forwarding !== value) {
      findings.push({
        severity: 'broken',
        found: `${key} is ${forwarding}`,
        why: 'there are IPv6 networks: their containers reach only the host',
        remedy: START_THE_DAEMON,
      });
    } else {
      findings.push(...links.filter((link) => link.value === '0').map(({ link }) => notForwarding(6, link)));
    }
    if (disabled === '1') {
      findings.push({
        severity: 'broken',
        found: `${OPERATOR_SETTINGS.disableIpv6.key} is 1`,
        why: 'new links have no IPv6: a container with an IPv6 address cannot start',
        remedy: `run "sysctl -w ${OPERATOR_SETTINGS.disableIpv6.key}=0", and remove it from /etc/sysctl.d`,
      });
    }
    return findings;
  },
});

/** An uplink, and whether its IPv6 comes from router advertisements. */
export interface AdvertisedLink extends LinkSetting {
  readonly isAdvertised: boolean;
}

/** Source: linux uapi rtnetlink.h, RTPROT_RA and RTPROT_KERNEL. */
const PROTOCOL_RA = 9;

export const routerAdvertisementsCheck = defineCheck<{
  readonly forwarding: string | undefined;
  readonly links: readonly AdvertisedLink[];
}>({
  id: 'router-advertisements',
  title: 'uplinks keep accepting router advertisements',
  read: async (host) => {
    const [uplinks, routes, addresses] = [await host.uplinks(), await host.routes(), await host.addresses()];
    const settings = await ofUplinks(host, DAEMON_SETTINGS.acceptRa.key);
    const links = settings.map((setting) => {
      const index = uplinks.find(({ name }) => name === setting.link)?.index;
      const hasRoute = routes.some((route) => route.linkIndex === index && route.protocol === PROTOCOL_RA);
      const isTemporary = addresses.some(
        (address) => address.linkIndex === index && address.family === 6 && !address.isPermanent,
      );
      return { ...setting, isAdvertised: hasRoute || isTemporary };
    });
    return { forwarding: await host.sysctl(DAEMON_SETTINGS.forwardIpv6.key), links };
  },
  judge: ({ forwarding, links }) => {
    const { value, insteadOf } = DAEMON_SETTINGS.acceptRa;
    if (forwarding !== '1') return [];
    return links
      .filter((link) => link.isAdvertised && link.value === insteadOf)
      .map(({ link }) => {
        const key = settingOf(DAEMON_SETTINGS.acceptRa, link);
        return {
          severity: 'broken',
          found: `${key} is ${insteadOf} while IPv6 is forwarded`,
          why: `a router ignores advertisements at ${insteadOf}: the default route and the addresses of ${link} expire`,
          remedy: 'run with --fix',
          fixes: [{ kind: 'sysctl', key, value }],
        };
      });
  },
});

/** Whether containers have IPv6, by what the daemon knows, or by the routes that are there without it. */
export async function usesIpv6(host: HostView): Promise<boolean> {
  const daemon = await host.daemon();
  if (daemon?.networks.some(({ pools }) => pools.some(({ prefix }) => prefix.includes(':'))) === true) return true;
  return (await host.routes()).some(({ family, protocol }) => family === 6 && protocol === ROUTE_PROTOCOL);
}

/** One setting of every uplink. */
export async function ofUplinks(host: HostView, key: string): Promise<LinkSetting[]> {
  const uplinks = await host.uplinks();
  return await Promise.all(
    uplinks.map(async ({ name: link }) => ({ link, value: await host.sysctl(settingOf({ key }, link)) })),
  );
}

function notForwarding(family: 4 | 6, link: string): Finding {
  const key = `net/ipv${family}/conf/${link}/forwarding`;
  return {
    severity: 'broken',
    found: `${key} is 0`,
    why: `the host forwards, but not packets that arrive on ${link}: containers are unreachable that way`,
    remedy: 'run with --fix',
    fixes: [{ kind: 'sysctl', key, value: '1' }],
  };
}

export const forwardingChecks: readonly Check[] = [forwardingIpv4Check, forwardingIpv6Check, routerAdvertisementsCheck];
