import { transportContract } from "./transport.contract.ts";
import { boshDriver, pipeDriver, tcpDriver, tlsDriver, webSocketDriver } from "./transport-peers.ts";

for (const driver of [pipeDriver, tcpDriver, tlsDriver, webSocketDriver, boshDriver])
  transportContract(driver);
