/** What happens to the bytes of a connection; times in milliseconds. */
export interface Toxic {
  readonly direction: "in" | "out" | "both";
  readonly latency: number;
  readonly jitter: number;
  /** Bytes per second; Infinity for no limit. */
  readonly bandwidth: number;
  /** Bytes at once; Infinity for as they come. */
  readonly slice: number;
  /** Bytes after which the connection is cut; Infinity for never. */
  readonly cutAfter: number;
  readonly stall: boolean;
}
