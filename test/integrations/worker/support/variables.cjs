const { ContextVar, codecs } = require('nestjs-contextvars/core');

// By the names that caller-variables.ts has for the other side.
const tenant = new ContextVar('tenant', { codec: codecs.string });
const limit = new ContextVar('limit', { codec: codecs.number });
// Here it reads numbers only.
const picky = new ContextVar('picky', { codec: codecs.number });
const plain = new ContextVar('plain');

module.exports = { tenant, limit, picky, plain };
