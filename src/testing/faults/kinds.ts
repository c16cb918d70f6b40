import { type AcknowledgementsFault, acknowledgements } from "./acknowledgements.ts";
import { type ArchiveFault, archive } from "./archive.ts";
import { type BindFault, bind } from "./bind.ts";
import { type CertificateFault, certificate } from "./certificate.ts";
import { type BindingFault, channelBinding } from "./channel-binding.ts";
import { type ClockSkewFault, clockSkew } from "./clock-skew.ts";
import { type CutFault, cut } from "./cut.ts";
import type { FaultKind } from "./fault.ts";
import {
  expiredToken,
  type LoginFault,
  login,
  type SignatureFault,
  serverSignature,
  type TokenFault,
} from "./login.ts";
import { type NetworkFault, network } from "./network.ts";
import { type DowngradeFault, downgrade, type StarttlsFault, starttls } from "./offers.ts";
import { type PushFault, push } from "./push.ts";
import { type ResumptionFault, resumption } from "./resumption.ts";
import { type StanzaFault, stanza } from "./stanza.ts";
import { type StorageFault, storage } from "./storage.ts";
import { type StreamErrorFault, streamError } from "./stream-error.ts";
import { type UnansweredFault, unanswered } from "./unanswered.ts";

/** A fault as `faults.add` takes it; without `fault` one of `stanza`. */
export type FaultOptions =
  | StanzaFault
  | CutFault
  | AcknowledgementsFault
  | ResumptionFault
  | LoginFault
  | TokenFault
  | BindFault
  | SignatureFault
  | DowngradeFault
  | BindingFault
  | StarttlsFault
  | CertificateFault
  | StreamErrorFault
  | NetworkFault
  | StorageFault
  | UnansweredFault
  | ArchiveFault
  | PushFault
  | ClockSkewFault;

/** All that can go wrong, by its name. */
export const faultKinds: ReadonlyMap<string, FaultKind> = new Map(
  [
    stanza,
    cut,
    acknowledgements,
    resumption,
    login,
    expiredToken,
    bind,
    serverSignature,
    downgrade,
    channelBinding,
    starttls,
    certificate,
    streamError,
    network,
    storage,
    unanswered,
    archive,
    push,
    clockSkew,
  ].map((kind) => [kind.name, kind]),
);
