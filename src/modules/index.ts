import type { Module } from "../core/module.ts";
import { adhoc } from "./adhoc/adhoc.ts";
import { admin } from "./admin/admin.ts";
import { adminConsole } from "./admin-console/admin-console.ts";
import { announce } from "./announce.ts";
import { api } from "./api/api.ts";
import { audit } from "./audit/audit.ts";
import { avatars } from "./avatars.ts";
import { bind2 } from "./bind2.ts";
import { blocking } from "./blocking/blocking.ts";
import { bookmarks } from "./bookmarks/bookmarks.ts";
import { caps } from "./caps/caps.ts";
import { carbons } from "./carbons.ts";
import { chat } from "./chat/chat.ts";

import { contact } from "./contact.ts";
import { csi } from "./csi.ts";
import { delay } from "./delay.ts";
import { disco } from "./disco.ts";
import { externalServices } from "./external-services.ts";
import { fast } from "./fast/fast.ts";
import { home } from "./home/home.ts";
import { hostMeta } from "./host-meta.ts";
import { invitePage } from "./invite-page/invite-page.ts";
import { invites } from "./invites/invites.ts";
import { last } from "./last.ts";
import { logins } from "./logins.ts";
import { mam } from "./mam/mam.ts";
import { monitoring } from "./monitoring/monitoring.ts";
import { muc } from "./muc/muc.ts";
import { offline } from "./offline/offline.ts";
import { pep } from "./pep/pep.ts";
import { ping } from "./ping.ts";
import { presence } from "./presence/presence.ts";
import { privateStorage } from "./private.ts";
import { pubsub } from "./pubsub/pubsub.ts";
import { standAlonePubsub } from "./pubsub-service.ts";
import { push } from "./push/push.ts";
import { register } from "./register/register.ts";
import { roster } from "./roster/roster.ts";
import { saslUpgrade } from "./sasl-upgrade.ts";
import { stanzaId } from "./stanza-id.ts";
import { strangers } from "./strangers.ts";
import { streamManagement } from "./stream-management.ts";
import { time } from "./time.ts";
import { tokens } from "./tokens/tokens.ts";
import { upload } from "./upload/upload.ts";
import { userExport } from "./user-export.ts";
import { vcard } from "./vcard/vcard.ts";
import { version } from "./version.ts";

/** The features a server has unless its configuration says otherwise, in the order of their set-up. */
export const defaultModules: readonly Module[] = [
  roster,
  presence,
  delay,
  stanzaId,
  offline,
  mam,
  disco,
  contact,
  last,
  version,
  time,
  register,
  streamManagement,
  carbons,
  csi,
  push,
  blocking,
  privateStorage,
  strangers,
  vcard,
  caps,
  adhoc,
  ping,
  pubsub,
  standAlonePubsub,
  pep,
  avatars,
  bookmarks,
  bind2,
  fast,
  saslUpgrade,
  externalServices,
  hostMeta,
  logins,
  announce,
  audit,
  tokens,
  monitoring,
  api,
  adminConsole,
  admin,
  invites,
  muc,
  userExport,
  upload,
  home,
  chat,
  invitePage,
];
