import { render } from "preact";
import { Inspector } from "../inspector/inspector.tsx";
import { useLoaded } from "../ui/hooks.ts";
import { readServer } from "./rig-server.ts";
import { rigTraffic } from "./rig-traffic.ts";
import "../ui/base.css";
import "./rig.css";

const root = document.getElementById("rig");
if (root) render(<Rig />, root);

function Rig() {
  const { value: server } = useLoaded(readServer, []);
  return (
    <main>
      <h1>What passes</h1>
      <p class="hint">
        {server && `${server.domain} at ${Object.values(server.services).join(", ")}. `}
        Programs ask for <a href="openapi.json">all that there is</a>.
      </p>
      <Inspector source={rigTraffic} />
    </main>
  );
}
