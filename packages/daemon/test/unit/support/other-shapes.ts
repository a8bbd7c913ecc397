import { exampleReport } from '../../../../driver/test/unit/support/example-report.ts';

/** Command lines, what they ask, and a reply that is not of the shape that they expect. */
export const OTHER_SHAPES: readonly (readonly [argv: readonly string[], path: string, reply: unknown])[] = [
  [['status'], '/v1/status', { ...exampleReport, networks: 1 }],
  [['address', 'list'], '/v1/addresses', [{ address: '10.1.0.2' }]],
  [['address', 'add', 'web', '10.1.0.3'], '/v1/containers/web/addresses', {}],
  [['address', 'remove', 'web', '10.1.0.3'], '/v1/containers/web/addresses/10.1.0.3', {}],
  [['ingress', 'show', 'web'], '/v1/containers/web/ingress', [{}]],
  [['ingress', 'set', 'web', 'none'], '/v1/containers/web/ingress', {}],
  [['egress', 'show', 'web'], '/v1/containers/web/egress', [{}]],
  [['egress', 'suggest', 'web'], '/v1/containers/web/egress', [{}]],
  [['refused', 'web'], '/v1/containers/web/ingress', [{}]],
  [['events', '--refused'], '/v1/refused', '{"at":1}\n'],
  [['egress', 'test', 'web', '10.1.2.3:443'], '/v1/containers/web/egress/test', [{}]],
  [['announce', 'web'], '/v1/containers/web/announcement', [{}]],
  [['drain', '--status'], '/v1/drain', {}],
  [['drain', 'web'], '/v1/containers/web/drain', {}],
  [['undrain', '--all'], '/v1/drain', {}],
  [['events'], '/v1/events', '{"kind":"leased"}\n'],
  [['events', '10.1.0.2'], '/v1/addresses/10.1.0.2', {}],
  [['why', 'web'], '/v1/addresses', {}],
  [['why', '10.1.0.2'], '/v1/addresses/10.1.0.2', {}],
];
