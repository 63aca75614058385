import type { ServerResponse } from 'node:http';

/** The names, in lower case, and the ids. */
export interface IdHeaders {
  readonly id: string;
  readonly idHeader: string;
  readonly conversation: string;
  readonly conversationHeader: string;
}

/** What both Node's response and Fastify's reply are, to whom sets headers. */
interface HeaderSetter {
  header(name: string, value: string): unknown;
}

/** Sets the headers now, where middleware and handlers see them, and may change them. */
export function setIds(response: ServerResponse, ids: IdHeaders): void {
  // Another listener of the server may have answered already.
  if (response.headersSent) return;
  response.setHeader(ids.idHeader, ids.id);
  response.setHeader(ids.conversationHeader, ids.conversation);
}

/**
 * The same for Fastify, which keeps the headers of a reply to itself until it writes them. Were there any on the
 * response, Node would set each of the reply's there first, which takes longer than all else that is done for the ids.
 */
export function setIdsOfReply(reply: object, ids: IdHeaders): void {
  const setter = reply as HeaderSetter;
  setter.header(ids.idHeader, ids.id);
  setter.header(ids.conversationHeader, ids.conversation);
}

/** Adds the headers to an answer, unless they are among those that it is `given`, or others of the same names. */
export function addIds(response: ServerResponse, ids: IdHeaders, given: unknown): void {
  if (typeof given === 'object' && given !== null && ids.idHeader in given) return;
  if (!response.hasHeader(ids.idHeader)) response.setHeader(ids.idHeader, ids.id);
  if (!response.hasHeader(ids.conversationHeader))
    response.setHeader(ids.conversationHeader, ids.conversation);
}
