/** Where the rest of the server, and other parts of this module, have a say in what happens in rooms. */
import type { FormField } from "../../xmpp/forms.ts";
import type { Jid } from "../../xmpp/jid.ts";
import type { Stanza } from "../../xmpp/stanza.ts";
import type { Occupant } from "./occupant.ts";
import type { Room } from "./room.ts";

declare module "../../routing/hooks.ts" {
  interface Hooks {
    /** A room was made; its owner is about to enter. What there was of an earlier one of its name is not its own. */
    "muc:created": { readonly room: Room };
    /** Somebody wants to enter a room whose own rules let them in; a StanzaError refuses. */
    "muc:joining": { readonly room: Room; readonly client: Jid; readonly nick: string };
    /** Somebody entered a room, and has been shown who is there. */
    "muc:joined": { readonly room: Room; readonly occupant: Occupant };
    /** An occupant's message to the whole room, from the occupant JID and without `to`; a StanzaError refuses it. */
    "muc:message": {
      readonly room: Room;
      readonly occupant: Occupant;
      /** Full JID. */
      readonly client: Jid;
      stanza: Stanza;
    };
    /** An occupant is gone, with the last of its clients. */
    "muc:left": { readonly room: Room; readonly occupant: Occupant };
    /** A room is no more: whoever keeps something of it forgets that. */
    "muc:destroyed": { readonly room: Room };
    /** A room goes with its last occupant from now on. */
    "muc:unkept": { readonly room: Room };
    /** Somebody asks what a room is: more features and fields of `muc#roominfo` are added. */
    "muc:described": { readonly room: Room; readonly features: string[]; readonly fields: FormField[] };
  }
}
