import type { AddressInfo } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import { visit } from './client.js';

/** Starts the application, visits it, and prints what happened as one line of JSON. */
export async function serve(start: () => Promise<INestApplication>): Promise<void> {
  try {
    const app = await start();
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as AddressInfo;
    const seen = await visit(port);
    await app.close();
    const format = typeof module === 'undefined' ? 'esm' : 'cjs';
    console.log(JSON.stringify({ node: process.version, format, ...seen }));
  } catch (error) {
    console.error(error);
    process.exit(1);
  }
}
