import { createHash, X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import { type SecureContext, TLSSocket } from "node:tls";
import type { ChannelBindingType, Encryption } from "./transport.ts";

/** How TLS is spoken on a listener; read anew for each handshake so that certificates can be replaced. */
export interface TlsSettings {
  /** The certificate for a server name; the default one when the name is unknown or absent. `connection`: what it is for, in clear. */
  contextFor(serverName: string | undefined, connection: Socket): SecureContext;
  readonly requestClientCertificate: boolean;
}

/** RFC 9266 §2. */
const EXPORTER_LABEL = "EXPORTER-Channel-Binding";
const EXPORTER_LENGTH = 32;

/**
 * Speaks TLS as `domain`, or as whom the client asks for, on a socket that is in clear.
 * @param protocols those that the client may choose from by ALPN (RFC 7301).
 * @param failed called for what goes wrong in the handshake; the socket is to be destroyed then.
 */
export function secureSocket(
  plain: Socket,
  domain: string,
  { contextFor, requestClientCertificate }: TlsSettings,
  protocols: readonly string[],
  failed: (error: Error) => void,
): TLSSocket {
  const secured = new TLSSocket(plain, {
    isServer: true,
    secureContext: contextFor(domain, plain),
    SNICallback: (name, done) => done(null, contextFor(name, plain)),
    ALPNProtocols: [...protocols],
    requestCert: requestClientCertificate,
    rejectUnauthorized: false,
  });
  standsOn.set(secured, plain);
  // Errors of the handshake are only told this way on a server's own TLSSocket.
  secured.on("_tlsError", failed);
  // What was written before the handshake waits for it, and would do so for ever.
  const abort = () => failed(new Error("the peer left during the TLS handshake"));
  secured.on("end", abort);
  secured.once("secure", () => secured.off("end", abort));
  return secured;
}

/** The connection in clear that TLS is spoken on; of one without TLS itself. */
export function underTls(socket: Socket): Socket {
  return standsOn.get(socket) ?? socket;
}

const standsOn = new WeakMap<Socket, Socket>();

/** RFC 5929, RFC 9266; undefined where the connection has none of that type. */
export function channelBindingOf(socket: Socket, type: ChannelBindingType): Buffer | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  if (type === "tls-server-end-point") return endPointBinding(socket);
  // RFC 9266 §4.2: before TLS 1.3 the exporter is unique only with an extended master secret, which Node does not tell of.
  const isModern = socket.getProtocol() === "TLSv1.3";
  if (type === "tls-unique") return isModern ? undefined : uniqueBinding(socket);
  if (!isModern) return undefined;
  return socket.exportKeyingMaterial(EXPORTER_LENGTH, EXPORTER_LABEL, Buffer.alloc(0));
}

export function encryptionOf(socket: Socket): Encryption | undefined {
  if (!(socket instanceof TLSSocket) || socket.destroyed) return undefined;
  return { protocol: socket.getProtocol() ?? "", cipher: socket.getCipher().standardName };
}

/** DER of the client's certificate if its chain was verified. */
export function clientCertificateOf(socket: Socket): Buffer | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const certificate = socket.getPeerX509Certificate();
  return certificate && chainIsVerified(socket) ? certificate.raw : undefined;
}

/**
 * RFC 5929 §3.1: the first Finished message, which in a full handshake is the client's. For a resumed session there is
 * none: without an extended master secret it can be made the same on two connections (RFC 7627 §1).
 */
function uniqueBinding(socket: TLSSocket): Buffer | undefined {
  return socket.isSessionReused() ? undefined : socket.getPeerFinished();
}

/** RFC 5929 §4.1: the certificate's hash, by its own signature's algorithm unless that is MD5 or SHA-1. */
function endPointBinding(socket: TLSSocket): Buffer | undefined {
  const der = socket.getX509Certificate()?.raw;
  if (!der) return undefined;
  return createHash(hashOfSignature(new X509Certificate(der)))
    .update(der)
    .digest();
}

function hashOfSignature(certificate: X509Certificate): string {
  const algorithm = (certificate as { signatureAlgorithm?: string }).signatureAlgorithm ?? "";
  const bits = /sha-?(384|512)/i.exec(algorithm)?.[1];
  return bits ? `sha${bits}` : "sha256";
}

/** Node sets `authorized` only on sockets that a tls.Server made; the handle underneath knows for all. Fails closed. */
function chainIsVerified(socket: TLSSocket): boolean {
  const { ssl } = socket as { ssl?: { verifyError?: () => Error | null | undefined } };
  return ssl?.verifyError !== undefined && !ssl.verifyError();
}
