// Every combination, with what is known not to work. What is not named in `limitations` has to work.

export const nests = {
  nest11: {
    label: '11.2',
    packages: {
      '@nestjs/common': '11.2.10',
      '@nestjs/core': '11.2.10',
      '@nestjs/platform-express': '11.2.10',
      '@nestjs/platform-fastify': '11.2.8',
    },
  },
  nest12: {
    label: '12.5',
    packages: {
      '@nestjs/common': '12.5.1',
      '@nestjs/core': '12.5.1',
      '@nestjs/platform-express': '12.5.1',
      '@nestjs/platform-fastify': '12.5.0',
    },
  },
};

export const clses = {
  cls6: { label: '6.3', packages: { 'nestjs-cls': '6.3.1' } },
  cls7: { label: '7.0', packages: { 'nestjs-cls': '7.0.0' } },
};

export const formats = {
  cjs: { label: 'CommonJS', type: 'commonjs' },
  esm: { label: 'ESM', type: 'module' },
};

export const nodes = { node20: '20', node22: '22', node24: '24' };

export const adapters = { express: 'Express', fastify: 'Fastify' };

/** What every consumer has besides. */
export const common = {
  '@types/node': '20.19.43',
  'reflect-metadata': '0.2.2',
  rxjs: '7.8.2',
};

/**
 * What cannot work, why, and how it fails. A combination that is named here and works, or fails in another
 * way, is a failure of the run as much as one that is not named and fails.
 */
export const limitations = [
  {
    applies: ({ nest, cls, format }) => nest === 'nest11' && cls === 'cls7' && format === 'esm',
    fails:
      /ERR_MODULE_NOT_FOUND.*Cannot find module '[^']*@nestjs\/core\/[^']*' imported from [^\n]*nestjs-cls\/dist\/esm\//s,
    reason:
      'nestjs-cls 7.0.0 fails at import, without this library too: its ESM build imports files of `@nestjs/core` without their extension, which NestJS 11 does not resolve. Use nestjs-cls 6.3, or a CommonJS application.',
  },
];

/** What the table says of combinations that work. */
export const remarks = [
  {
    applies: ({ cls, node }) => cls === 'cls7' && node === 'node20',
    reason:
      'Works, but nestjs-cls 7.0 itself declares Node.js 22 or later: npm warns, and refuses it where `engine-strict` is set.',
  },
];

/** One per cell of the matrix; `name` is its parts, joined. */
export const combinations = [];
for (const nest of Object.keys(nests)) {
  for (const cls of Object.keys(clses)) {
    for (const format of Object.keys(formats)) {
      for (const node of Object.keys(nodes)) {
        for (const adapter of Object.keys(adapters)) {
          const parts = { nest, cls, format, node, adapter };
          combinations.push({ ...parts, parts: Object.values(parts), name: Object.values(parts).join('-') });
        }
      }
    }
  }
}

/** Each half of everything: two installs, both formats, all Node.js versions, both adapters. */
export const quick = [
  'nest11-cls6-cjs-node20-express',
  'nest11-cls6-esm-node22-fastify',
  'nest12-cls7-cjs-node24-fastify',
  'nest12-cls7-esm-node22-express',
];

export const limitationOf = (combination) => limitations.find(({ applies }) => applies(combination));
export const remarkOf = (combination) => remarks.find(({ applies }) => applies(combination));
