/** What to type, below the help of each command and on its page of the manual. */
export const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  render: [
    'quagga-config render router.yaml',
    'quagga-config render --protocol ospf --interface eth1 --network 10.0.0.0/24 --container 10.1.0.0/16',
    'quagga-config render router.yaml --output /etc/frr',
  ],
  check: ['quagga-config check router.yaml'],
  diff: ['quagga-config diff router.yaml', 'quagga-config diff router.yaml --against /etc/frr/frr.conf'],
  plan: ['quagga-config plan router.yaml'],
  apply: [
    'quagga-config apply router.yaml',
    'quagga-config apply router.yaml --allow flaps --confirm manual --confirm-within 2m',
  ],
  drain: ['quagga-config drain router.yaml'],
  undrain: ['quagga-config undrain router.yaml'],
  confirm: ['quagga-config confirm'],
  revert: ['quagga-config revert'],
  init: ['quagga-config init > router.yaml', 'quagga-config init --protocol bgp > router.yaml'],
  schema: ['quagga-config schema > router.schema.json'],
};
