import { DOCTOR_SETTINGS, OPERATOR_SETTINGS, settingOf } from '@routed/datapath';
import { type Check, defineCheck } from '../check.ts';
import { type LinkSetting, ofUplinks } from './forwarding.ts';

export const reversePathCheck = defineCheck<{
  readonly all: string | undefined;
  readonly links: readonly LinkSetting[];
}>({
  id: 'reverse-path',
  title: 'packets may come in by another uplink than answers leave by',
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
      why: 'with several uplinks packets come in by one and answers leave by another: strict drops the former, silently',
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
  title: 'the host answers for the gateway of its containers',
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
      why: 'the gateway is an address of the loopback link: the host does not answer for it then, and containers reach nothing',
      remedy: `somebody set it on purpose (for a load balancer?): set it for the links that need it instead, and run "sysctl -w net/ipv4/conf/${scope}/arp_ignore=0"`,
    }));
  },
});

export const proxyArpCheck = defineCheck<readonly LinkSetting[]>({
  id: 'proxy-arp',
  title: 'the host answers for its own addresses alone',
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
        why: 'the host answers there for every address that it has a route to, and draws traffic of others; the Go plugin needed it, routed does not',
        remedy: `somebody set it on purpose: once no container of the Go plugin is left, run "sysctl -w net/ipv4/conf/${link}/proxy_arp=0" and take it out of /etc/sysctl.d`,
      })),
});

export const answersChecks: readonly Check[] = [reversePathCheck, gatewayAnswersCheck, proxyArpCheck];
