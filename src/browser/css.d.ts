/** Vite takes these along. */
declare module "*.css";
