/** The part of @xmpp/client that the tests use; it has no types of its own. */
declare module "@xmpp/client" {
  import type { EventEmitter } from "node:events";
  import type { Element } from "ltx";

  export interface ClientOptions {
    readonly service: string;
    readonly domain: string;
    readonly username?: string;
    readonly password?: string;
    readonly resource?: string;
    /** For each step of connecting, in milliseconds; default: 2,000. */
    readonly timeout?: number;
    readonly credentials?: (
      authenticate: (credentials: object, mechanism: string) => Promise<void>,
      mechanisms: readonly string[],
    ) => Promise<void>;
  }

  export interface Client extends EventEmitter {
    readonly jid: { toString(): string };
    readonly status: string;
    /** The connection's; undefined while there is none. */
    readonly socket: { readonly socket?: { destroy(): void } } | null;
    readonly streamManagement: EventEmitter & { readonly enabled: boolean };
    readonly iqCaller: {
      get(element: Element, to?: string): Promise<Element>;
      set(element: Element, to?: string): Promise<Element>;
      request(iq: Element, timeout?: number): Promise<Element>;
    };
    readonly iqCallee: {
      set(ns: string, name: string, handler: (context: { readonly element: Element }) => unknown): void;
    };
    readonly reconnect: EventEmitter & { delay: number; stop(): void };
    start(): Promise<{ toString(): string }>;
    stop(): Promise<void>;
    send(element: Element): Promise<void>;
  }

  export function client(options: ClientOptions): Client;
  export function xml(name: string, attributes?: object, ...children: (Element | string)[]): Element;
}
