import { useEffect, useState } from "preact/hooks";
import { Xml } from "../../inspector/xml.tsx";
import { clock } from "../../ui/format.ts";
import { Button, Notice, TextField } from "../../ui/ui.tsx";
import type { ViewProps } from "../app.tsx";

/** Elements that are kept. */
const MOST = 300;

const KINDS = ["message", "presence", "iq", "other"] as const;
type Kind = (typeof KINDS)[number];

interface Sighting {
  readonly number: number;
  readonly at: number;
  readonly direction: "in" | "out";
  readonly session: string;
  readonly kind: Kind;
  readonly namespaces: readonly string[];
  readonly xml: string;
}

/** `path` is the address that is watched. */
export function Inspector({ path: address }: ViewProps) {
  const [typed, setTyped] = useState(address);
  const [kinds, setKinds] = useState<ReadonlySet<Kind>>(new Set(KINDS));
  const [namespace, setNamespace] = useState("");
  const { sightings, state, lost, clear } = useTraffic(address);

  const shown = sightings.filter(
    (sighting) =>
      kinds.has(sighting.kind) &&
      (namespace === "" || sighting.namespaces.some((each) => each.includes(namespace))),
  );
  const namespaces = [...new Set(sightings.flatMap((sighting) => sighting.namespaces))].toSorted();

  function toggle(kind: Kind) {
    const changed = new Set(kinds);
    if (!changed.delete(kind)) changed.add(kind);
    setKinds(changed);
  }

  return (
    <>
      <h1>Inspector</h1>
      <form
        class="filters"
        onSubmit={(event) => {
          event.preventDefault();
          location.hash = `#/inspector/${encodeURIComponent(typed.trim())}`;
        }}
      >
        <TextField
          label="Account or room"
          value={typed}
          onInput={setTyped}
          placeholder="alice@example.org"
          required
        />
        <Button type="submit" kind="main">
          Watch
        </Button>
        {address !== "" && (
          <a class="button plain" href="#/inspector">
            Stop
          </a>
        )}
      </form>
      {address !== "" && (
        <>
          <fieldset class="kinds">
            <legend>Show</legend>
            {KINDS.map((kind) => (
              <label key={kind}>
                <input type="checkbox" checked={kinds.has(kind)} onChange={() => toggle(kind)} /> {kind}
              </label>
            ))}
          </fieldset>
          <div class="filters">
            <TextField
              label="Namespace"
              type="search"
              value={namespace}
              onInput={setNamespace}
              list={namespaces}
              placeholder="all"
            />
            <Button onClick={clear}>Clear</Button>
          </div>
          <p class="hint" role="status">
            {state}
            {lost > 0 && ` ${lost} were left out: there was too much.`}
          </p>
          {state.startsWith("Cannot") && <Notice kind="error">{state}</Notice>}
          <ol class="sightings">
            {shown.map((sighting) => (
              <li key={sighting.number} class={sighting.direction}>
                <p>
                  <b>{sighting.direction === "in" ? "→ from" : "← to"}</b>{" "}
                  <span class="long">{sighting.session || "nobody yet"}</span>{" "}
                  <time class="hint">{clock(sighting.at)}</time>
                </p>
                <Xml xml={sighting.xml} />
              </li>
            ))}
          </ol>
        </>
      )}
    </>
  );
}

/** The traffic of an address as it passes, the latest first. */
function useTraffic(address: string) {
  const [sightings, setSightings] = useState<readonly Sighting[]>([]);
  const [state, setState] = useState("Connecting …");
  const [lost, setLost] = useState(0);

  useEffect(() => {
    setSightings([]);
    setLost(0);
    if (address === "") return undefined;
    let last = 0;
    const source = new EventSource(`/admin/api/traffic?address=${encodeURIComponent(address)}`);
    source.onopen = () => setState("Watching. Secrets are masked.");
    source.onerror = () =>
      setState(
        source.readyState === EventSource.CLOSED
          ? "Cannot watch: the address is none, or nobody is logged in any more."
          : "Connecting …",
      );
    source.addEventListener("sighting", ({ data }: MessageEvent<string>) => {
      const sighting = { ...(JSON.parse(data) as Omit<Sighting, "number">), number: ++last };
      setSightings((old) => [sighting, ...old].slice(0, MOST));
    });
    source.addEventListener("lost", ({ data }: MessageEvent<string>) => setLost((old) => old + Number(data)));
    return () => source.close();
  }, [address]);

  return { sightings, state, lost, clear: () => setSightings([]) };
}
