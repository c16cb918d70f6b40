/** Requests of the page. Every one that fails throws what the server said. */

export interface Visit {
  readonly name: string;
  readonly csrf: string;
  readonly domains: readonly string[];
}

/** The server refused. */
export class RequestError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Called when the server does not know the visitor any more, and when somebody logged in anew in another tab. */
let onEnd = (_end: "left" | "replaced") => {};
let csrf = "";

export function whenEnded(listener: typeof onEnd): void {
  onEnd = listener;
}

/** Who is logged in; undefined for nobody. */
export async function readVisit(): Promise<Visit | undefined> {
  const answer = await ask("/admin/api/visit");
  const visit = await bodyOf<Partial<Visit>>(answer);
  csrf = visit.csrf ?? "";
  return csrf === "" ? undefined : (visit as Visit);
}

export async function post<T>(path: string, body: object): Promise<T> {
  return bodyOf<T>(await send(path, body));
}

/** Runs a command of administration. */
export function command<T>(name: string, args: object = {}): Promise<T> {
  return post<T>(`command/${name}`, args);
}

/** A stream of events, until `left`. */
export async function openStream(
  path: string,
  query: Record<string, string>,
  left: AbortSignal,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const answer = await ask(`/admin/api/${path}?${new URLSearchParams(query)}`, { signal: left });
  if (!answer.ok || !answer.body) return bodyOf(answer);
  return answer.body;
}

/** Fetches a file that is for the visitor alone, and hands it to the browser. */
export async function download(path: string, body: object, name: string): Promise<void> {
  const answer = await send(path, body);
  if (!answer.ok) await bodyOf(answer);
  const url = URL.createObjectURL(await answer.blob());
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

function send(path: string, body: object): Promise<Response> {
  return ask(`/admin/api/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf },
    body: JSON.stringify(body),
  });
}

/** @throws Error in words of ours: those of browsers differ, and say little. */
async function ask(url: string, request?: RequestInit): Promise<Response> {
  try {
    return await fetch(url, request);
  } catch {
    throw new Error("The server does not answer.");
  }
}

async function bodyOf<T>(answer: Response): Promise<T> {
  // Whoever stands before the server may answer in its place, with a page.
  const body = (await answer.json().catch(() => undefined)) as (T & { readonly error?: string }) | undefined;
  if (answer.ok && body) return body;
  if (answer.status === 401 && csrf !== "") {
    csrf = "";
    onEnd("left");
  }
  // The cookie is that of another visit than this page's.
  if (answer.status === 403 && csrf !== "") {
    onEnd("replaced");
    throw new RequestError(403, "Somebody logged in anew in this browser. Look who, and try again.");
  }
  throw new RequestError(answer.status, body?.error ?? `The server answered ${answer.status}.`);
}
