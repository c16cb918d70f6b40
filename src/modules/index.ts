import type { Module } from "../core/module.ts";

/** The features a server has unless its configuration says otherwise, in the order of their set-up. */
export const defaultModules: readonly Module[] = [];
