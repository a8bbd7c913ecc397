import { DOCTOR_SETTINGS, OPERATOR_SETTINGS, settingOf } from '@routed/datapath';
import { type Check, defineCheck } from '../check.ts';
import { type LinkSetting, ofUplinks } from './forwarding.ts';

export const reversePathCheck = defineCheck<{
  readonly all: string | undefined;
  readonly links: readonly LinkSetting[];
}>({
  id: 'reverse-path',
  title: 'replies may arrive on a different uplink',
  read: async (host) => ({
    all: await host.sysctl('net/ipv4/conf/all/rp_filter'),
    links: await ofUplinks(host, DOCTOR_SETTINGS.reversePath.key),
  }),
  judge: ({ all, links }) => {
    if (links.length < 2) return [];
    const { value, insteadOf } = DOCTOR_SETTINGS.reversePath;
    // The larger of both counts, so that the looser wins. Source: linux ip-sysctl.rst, rp_filter.
    const isStrict = (link: LinkSetting): boolean => Math.max(Number(all ?? 0), Number(link.value ?? 0)) === 1;
    return links.filter(isStrict).map(({ link, value: own }) => ({
      severity: 'warning',
      found: `${settingOf(DOCTOR_SETTINGS.reversePath, link)} is strict (${own === insteadOf ? insteadOf : `${insteadOf} for all links`}), and there are ${links.length} uplinks`,
      why: 'with several uplinks, packets may arrive on one while replies leave by another: strict mode drops them silently',
      remedy: 'run with --fix, which sets it to loose (2)',
      fixes: [{ kind: 'sysctl', key: settingOf(DOCTOR_SETTINGS.reversePath, link), value }],
    }));
  },
});

export const gatewayAnswersCheck = defineCheck<{
  readonly all: string | undefined;
  readonly byDefault: string | undefined;
}>({
  id: 'gateway-answers',
  title: "the host answers ARP for the containers' gateway",
  read: async (host) => ({
    all: await host.sysctl(OPERATOR_SETTINGS.arpIgnore.key),
    byDefault: await host.sysctl(OPERATOR_SETTINGS.arpIgnore.key.replace('/all/', '/default/')),
  }),
  judge: ({ all, byDefault }) => {
    const settings = [
      { scope: 'all', value: all },
      { scope: 'default', value: byDefault },
    ];
    const strict = settings.filter(({ value }) => Number(value ?? 0) > 0);
    return strict.map(({ scope, value }) => ({
      severity: 'broken',
      found: `net/ipv4/conf/${scope}/arp_ignore is ${value ?? ''}`,
      why: 'the gateway address is on the loopback link: the host then does not answer ARP for it, and containers reach nothing',
      remedy: `if a load balancer needs it, set it on those links only, and run "sysctl -w net/ipv4/conf/${scope}/arp_ignore=0"`,
    }));
  },
});

export const proxyArpCheck = defineCheck<readonly LinkSetting[]>({
  id: 'proxy-arp',
  title: 'the host answers ARP for its own addresses only',
  read: async (host) => [
    { link: 'all', value: await host.sysctl('net/ipv4/conf/all/proxy_arp') },
    ...(await ofUplinks(host, OPERATOR_SETTINGS.proxyArp.key)),
  ],
  judge: (links) =>
    links
      .filter(({ value }) => value === '1')
      .map(({ link }) => ({
        severity: 'warning',
        found: `net/ipv4/conf/${link}/proxy_arp is 1`,
        why: "the host answers ARP there for every address it has a route to, and attracts others' traffic; the Go plugin needed it, routed does not",
        remedy: `when no container of the Go plugin is left, run "sysctl -w net/ipv4/conf/${link}/proxy_arp=0" and remove it from /etc/sysctl.d`,
      })),
});

export const answersChecks: readonly Check[] = [reversePathCheck, gatewayAnswersCheck, proxyArpCheck];
