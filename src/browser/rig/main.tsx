import { render } from "preact";
import { Inspector } from "../inspector/inspector.tsx";
import { rigTraffic } from "./rig-traffic.ts";
import "../ui/base.css";
import "./rig.css";

const root = document.getElementById("rig");
if (root) render(<Rig />, root);

function Rig() {
  return (
    <main>
      <h1>What passes</h1>
      <p class="hint">
        The rig listens to programs as well: <a href="openapi.json">what there is to ask for</a>.
      </p>
      <Inspector source={rigTraffic} />
    </main>
  );
}
