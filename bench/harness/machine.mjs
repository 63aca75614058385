import { readFileSync } from 'node:fs';
import os from 'node:os';
import { canPin } from './pin.mjs';
import { pythonVersion } from './python.mjs';

/** What it was measured on, and when. */
export function machine() {
  const flags = process.execArgv.join(' ');
  return {
    date: new Date().toISOString().slice(0, 10),
    node: `${process.version}${flags && ` ${flags}`}`,
    cpu: os.cpus()[0].model.trim(),
    cores: os.cpus().length,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    os: `${os.type()} ${os.release()}`,
    onOneCore: canPin(),
    load: Number(os.loadavg()[0].toFixed(1)),
  };
}

const PACKAGES = [
  'nestjs-contextvars',
  '@nestjs/core',
  'fastify',
  'express',
  'nestjs-cls',
  'unctx',
  '@opentelemetry/api',
  '@opentelemetry/context-async-hooks',
  '@fastify/request-context',
  '@aws-lambda-powertools/logger',
  'bullmq',
  'piscina',
  'pino',
  'mitata',
  'autocannon',
];

export function versions() {
  const found = Object.fromEntries(PACKAGES.map((name) => [name, versionOf(name)]));
  const CPython = pythonVersion();
  return CPython === undefined ? found : { ...found, CPython };
}

/** Of the nearest folder that has it: not every package lets its package.json be required. */
function versionOf(name) {
  for (let folder = new URL('..', import.meta.url); ; folder = new URL('..', folder)) {
    const own = readVersion(new URL('package.json', folder));
    if (own?.name === name) return own.version;
    const installed = readVersion(new URL(`node_modules/${name}/package.json`, folder));
    if (installed !== undefined) return installed.version;
    if (folder.pathname === '/') return undefined;
  }
}

function readVersion(url) {
  try {
    return JSON.parse(readFileSync(url, 'utf8'));
  } catch {
    return undefined;
  }
}
