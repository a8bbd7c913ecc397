// Arrows between packages and between folders point down only, those of type imports included. `npm run lint` checks it.

/** Packages, the lowest first: each may import those before it. */
const packages = [
  'addresses',
  'text',
  'plugin-protocol',
  'store',
  'docker-engine',
  'plugin-server',
  'ipam',
  'netns',
  'dns-gate',
  'netfilter',
  'quagga',
  'datapath',
  'driver',
  'doctor',
  'web',
  'daemon',
];

const upward = packages.slice(0, -1).map((name, index) => ({
  name: `${name}-imports-upward`,
  severity: 'error',
  from: { path: `^packages/${name}/src/` },
  to: { path: `^packages/(${packages.slice(index + 1).join('|')})/` },
}));

module.exports = {
  forbidden: [
    ...upward,
    {
      name: 'file-circle',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/' },
      to: { circular: true },
    },
    {
      name: 'folder-circle',
      comment: 'the folder of a package itself holds its index, which re-exports',
      severity: 'error',
      scope: 'folder',
      from: { path: '^packages/[^/]+/src/.+' },
      to: { circular: true },
    },
    {
      name: 'internals-of-another-package',
      severity: 'error',
      from: { path: '^packages/([^/]+)/src/' },
      to: { path: '^packages/[^/]+/src/', pathNot: '^packages/$1/' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    doNotFollow: { path: 'node_modules|/dist/' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'] },
  },
};
