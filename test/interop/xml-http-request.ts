/** The part of XMLHttpRequest that strophe.js needs for BOSH, which Node lacks. */
export class XmlHttpRequest {
  readyState = 0;
  status = 0;
  responseText = "";
  responseXML: unknown = null;
  onreadystatechange: () => void = () => {};
  #url = "";
  #method = "";
  #response: Response | undefined;
  readonly #headers = new Headers();
  readonly #abort = new AbortController();

  open(method: string, url: string): void {
    this.#method = method;
    this.#url = url;
    this.#change(1);
  }

  setRequestHeader(name: string, value: string): void {
    this.#headers.set(name, value);
  }

  overrideMimeType(): void {}

  getAllResponseHeaders(): string {
    return [...(this.#response?.headers ?? [])].map(([name, value]) => `${name}: ${value}\r\n`).join("");
  }

  getResponseHeader(name: string): string | null {
    return this.#response?.headers.get(name) ?? null;
  }

  send(body: string): void {
    void this.#run(body);
  }

  abort(): void {
    this.#abort.abort();
  }

  async #run(body: string): Promise<void> {
    try {
      const { signal } = this.#abort;
      this.#response = await fetch(this.#url, { method: this.#method, headers: this.#headers, body, signal });
      this.status = this.#response.status;
      this.responseText = await this.#response.text();
      const { DOMParser } = globalThis as unknown as {
        DOMParser: new () => { parseFromString(xml: string, type: string): unknown };
      };
      this.responseXML = new DOMParser().parseFromString(this.responseText, "text/xml");
    } catch {
      this.status = 0;
    }
    if (!this.#abort.signal.aborted) this.#change(4);
  }

  #change(state: number): void {
    this.readyState = state;
    this.onreadystatechange();
  }
}
