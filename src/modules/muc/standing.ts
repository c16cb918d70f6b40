/** XEP-0045 §5: roles and affiliations, and which outranks which. */

/** §5.2: lasts across visits; of a bare JID. */
export const AFFILIATIONS = ["outcast", "none", "member", "admin", "owner"] as const;
export type Affiliation = (typeof AFFILIATIONS)[number];

/** §5.1: lasts for a visit; of a nickname. */
export const ROLES = ["none", "visitor", "participant", "moderator"] as const;
export type Role = (typeof ROLES)[number];

export function isAffiliation(text: unknown): text is Affiliation {
  return AFFILIATIONS.some((each) => each === text);
}

export function isRole(text: unknown): text is Role {
  return ROLES.some((each) => each === text);
}

/** Below 0 when `a` has fewer privileges than `b`. */
export function compareAffiliations(a: Affiliation, b: Affiliation): number {
  return AFFILIATIONS.indexOf(a) - AFFILIATIONS.indexOf(b);
}

export function compareRoles(a: Role, b: Role): number {
  return ROLES.indexOf(a) - ROLES.indexOf(b);
}

/** §5.2.1: admins and owners. */
export function isAdministrative(affiliation: Affiliation): boolean {
  return affiliation === "admin" || affiliation === "owner";
}

/** §5.1.2: what role somebody gets who enters. */
export function initialRole(affiliation: Affiliation, isModerated: boolean): Role {
  if (isAdministrative(affiliation)) return "moderator";
  if (affiliation === "member" || !isModerated) return "participant";
  return "visitor";
}
