import {
  addUser,
  checkUser,
  demoteAdmin,
  disableUser,
  enableUser,
  listAdmins,
  listDisabled,
  listUsers,
  promoteAdmin,
  removeUser,
  setPassword,
  showRoster,
  showUser,
} from "./account-commands.ts";
import { listAudit } from "./audit-commands.ts";
import type { AdminCommand } from "./command.ts";
import { endComponent, listComponents } from "./component-commands.ts";
import { consoleLink } from "./console-commands.ts";
import { createInvite, listInvites, revokeInvite } from "./invite-commands.ts";
import { closeReport, listReports } from "./report-commands.ts";
import { affiliate, announceInRooms, destroyRoom, listRooms, lockRoom, showRoom } from "./room-commands.ts";
import { showMetrics, tailLog } from "./server-commands.ts";
import {
  announceText,
  countUsers,
  listOnline,
  removeMessage,
  setMessage,
  showMessage,
  shutDown,
  status,
} from "./service-commands.ts";
import { endSession, listSessions, showSession } from "./session-commands.ts";
import { createToken, listTokens, revokeToken } from "./token-commands.ts";
import { listUploads, removeAllUploads, removeUpload, showUploadUsage } from "./upload-commands.ts";

/** Every command, for faces that offer them all. */
export const adminCommands: readonly AdminCommand[] = [
  status,
  addUser,
  setPassword,
  removeUser,
  disableUser,
  enableUser,
  checkUser,
  showUser,
  showRoster,
  listUsers,
  listDisabled,
  listOnline,
  countUsers,
  promoteAdmin,
  demoteAdmin,
  listAdmins,
  listSessions,
  endSession,
  listComponents,
  endComponent,
  announceText,
  showMessage,
  setMessage,
  removeMessage,
  createInvite,
  listInvites,
  revokeInvite,
  showSession,
  listReports,
  closeReport,
  tailLog,
  showMetrics,
  listRooms,
  showRoom,
  destroyRoom,
  affiliate,
  announceInRooms,
  lockRoom,
  consoleLink,
  createToken,
  listTokens,
  revokeToken,
  listAudit,
  listUploads,
  showUploadUsage,
  removeUpload,
  removeAllUploads,
  shutDown,
] as readonly AdminCommand[];
